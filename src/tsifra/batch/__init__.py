"""Any number of pictures -> a data set of records: on the processors of one machine, or on a Ray cluster.

`listing` names the pictures and cuts them into chunks, an engine (`local` or `ray_engine`) answers the chunks in their
order, `part` writes the answers and what they are of, and `run` puts these together.
"""
