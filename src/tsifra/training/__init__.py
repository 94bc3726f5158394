"""Making networks; the only importer of PyTorch (extra `train`)."""
