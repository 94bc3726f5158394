// The steps that were taken with a picture, in the chosen language.
//
// Flows in: the English phrases of `normalize` and `ink`. Flows out: the same in Russian where they are known here,
// else as they came, so that a new phrase is shown and not lost.

const RUSSIAN = [
  [/^dark ink on light$/, "тёмные чернила на светлом"],
  [/^light ink on dark$/, "светлые чернила на тёмном"],
  [/^shading evened out$/, "тени выровнены"],
  [/^noise smoothed$/, "шум сглажен"],
  [/^no ink stands out from the paper$/, "чернил на бумаге не видно"],
  [/^nothing left that could be a digit$/, "не осталось ничего похожего на цифру"],
  [/^cropped to what it stands on$/, "вырезано то, на чём она стоит"],
  [/^looked at closer$/, "рассмотрено вблизи"],
  [/^specks removed$/, "крапинки убраны"],
  [/^box lines removed$/, "линии клетки убраны"],
  [/^marks at the edge removed$/, "следы у края убраны"],
  [/^neighbors at the edge removed$/, "соседние знаки у края убраны"],
  [/^thin strokes widened$/, "тонкие линии утолщены"],
  [/^cropped to (\d+×\d+)$/, "вырезано $1"],
  [/^scaled to (\d+×\d+)$/, "приведено к размеру $1"],
  [/^centered by mass$/, "выровнено по центру масс"],
  [/^turned by (\d+)( degrees|°)?$/, "повёрнуто на $1°"],
];

/** One step for people who read `lang`. */
export function step(phrase, lang) {
  const [pattern, words] = (lang === "ru" && RUSSIAN.find(([known]) => known.test(phrase))) || [/^/, ""];
  return phrase.replace(pattern, words);
}

/** Whether a step is shown in English though the page is not. */
export function isForeign(phrase, lang) {
  return lang !== "en" && step(phrase, lang) === phrase;
}
