// Every word of the page, in English and Russian.
//
// Flows in: a key and the values that its sentence names. Flows out: text in the chosen language. Also fills the
// elements that carry data-say (their text) or data-label (their aria-label). Knows nothing of pictures or records.

import { kept, keep } from "./memory.js";

const WORDS = {
  en: {
    title: "tsifra reads digits", tagline: "Reads digits and says how sure it is", language: "Language",
    skip: "To the answer", inputTitle: "Draw a digit, or choose a picture", answerTitle: "Answer",
    padLabel: "Drawing area", drawHere: "Draw here",
    padHint: "Drawing takes a mouse, a finger or a pen. With a keyboard, choose a file below.",
    undo: "Undo", clear: "Clear", drawInstead: "Draw instead", choose: "Choose a file", photograph: "Take a photo",
    dropHint: "You can also drop a picture anywhere on this page, or paste one.", dropNow: "Drop it here",
    options: "How to read", one: "Each picture is one digit", layout: "Layout", layoutAuto: "automatic",
    layoutLines: "lines", layoutGrid: "ruled grid",
    examples: "Examples", exampleDigit: "A digit", exampleNumber: "A number", exampleBoxes: "Boxes",
    idle: "What is read appears here.", reading: "Reading…", digits: "Digit by digit", checkNext: "Show the next one",
    checkCount: "{count} of {all} to check", retry: "Try again", noPreview: "This picture cannot be shown here.",
    pages: "Pages", previous: "Previous", next: "Next", where: "{number} of {count}", page: "page {page}",
    seen: "What the network saw, 28×28", seenAlt: "The digit as the network saw it: 28×28 pixels, white on black",
    probabilities: "Probabilities", steps: "What was done to the picture", detail: "Digit {number}: {said}",
    whole: "The whole picture", none: "no digit", nothing: "–", or: "or {label} {share}", sure: "{share} likely to be right",
    sureOfAll: "{share} likely that all is right",
    picture: "{name}, {width}×{height} pixels", drawing: "Drawing",
    copy: "Copy text", copied: "Copied", notCopied: "Copying is not allowed here", saveJson: "JSON", saveCsv: "CSV",
    savePicture: "Marked picture", takeaway: "Take it with you",
    stays: "Pictures go to this service alone; the page keeps none.", model: "Network: {model}, version {version}.",
    tokenTitle: "A token is needed",
    tokenWhy: "This service answers only those who know its token. It is kept until you close this tab.",
    tokenAgain: "This token was not accepted.", tokenField: "Token", tokenSend: "Continue", cancel: "Cancel",
    saidRead: "Read: {text}. {status}, {share}.",
    "status.ok": "sure", "status.review": "please check", "status.rejected": "no digit",
    "status.blank": "nothing written", "status.error": "could not be read",
    "error.format": "This is not a picture that can be read. PNG, JPEG, HEIC, WebP, TIFF and PDF files can.",
    "error.damaged": "This file is damaged: it breaks off early. Save or send it once more and try again.",
    "error.too_large": "This picture is too large. Make it smaller, or cut out the part with the digits.",
    "error.too_many_bytes": "This file has more than {limit} MB. Save it smaller, or cut out the part with the digits.",
    "error.password": "This PDF opens only with a password. Save it without one first.",
    "error.missing": "There is no page in this file that could be read.",
    "error.access": "The browser may not open this file. Copy it to another folder and choose it there.",
    "error.input": "This file could not be read. Save it as PNG or JPEG and try again.",
    "error.empty": "This file is empty. Perhaps it has not been copied to the end.",
    "error.no_file": "That was no file. Save the picture first, then drop or choose it.",
    "error.busy": "The service is busy. Try again in a moment.",
    "error.timeout": "Reading took too long and was stopped. Try again, or with a smaller picture.",
    "error.lost": "The service does not answer. See whether it is running and you are online, then try again.",
    "error.unauthorized": "Without its token the service reads nothing.",
    "error.request": "The service did not understand this page. Reload the page and try again.",
    "error.internal": "Something went wrong in the service. Try again, or with another picture.",
  },
  ru: {
    title: "tsifra читает цифры", tagline: "Читает цифры и говорит, насколько уверена", language: "Язык",
    skip: "К ответу", inputTitle: "Нарисуйте цифру или выберите картинку", answerTitle: "Ответ",
    padLabel: "Поле для рисования", drawHere: "Рисуйте здесь",
    padHint: "Рисовать можно мышью, пальцем или пером. С клавиатуры выберите файл ниже.",
    undo: "Отменить", clear: "Очистить", drawInstead: "Вернуться к рисованию", choose: "Выбрать файл",
    photograph: "Сфотографировать",
    dropHint: "Картинку можно перетащить в любое место страницы или вставить из буфера обмена.",
    dropNow: "Отпустите здесь",
    options: "Как читать", one: "На каждой картинке одна цифра", layout: "Расположение", layoutAuto: "определить само",
    layoutLines: "в строках", layoutGrid: "в клетках",
    examples: "Примеры", exampleDigit: "Цифра", exampleNumber: "Число", exampleBoxes: "Клетки",
    idle: "Здесь появится прочитанное.", reading: "Читаю…", digits: "По цифрам",
    checkNext: "Показать следующую", checkCount: "Проверить: {count} из {all}", retry: "Повторить",
    noPreview: "Эту картинку здесь не показать.",
    pages: "Страницы", previous: "Назад", next: "Вперёд", where: "{number} из {count}", page: "страница {page}",
    seen: "Что увидела сеть, 28×28", seenAlt: "Цифра, какой её увидела сеть: 28×28 пикселей, белым по чёрному",
    probabilities: "Вероятности", steps: "Что сделано с картинкой", detail: "Цифра {number}: {said}",
    whole: "Вся картинка", none: "не цифра", nothing: "–", or: "или {label} {share}", sure: "верно с вероятностью {share}",
    sureOfAll: "всё верно с вероятностью {share}",
    picture: "{name}, {width}×{height} пикселей", drawing: "Рисунок",
    copy: "Скопировать текст", copied: "Скопировано", notCopied: "Копировать здесь нельзя", saveJson: "JSON",
    saveCsv: "CSV", savePicture: "Картинка с рамками", takeaway: "Забрать с собой",
    stays: "Картинки идут только в этот сервис; страница их не хранит.", model: "Сеть: {model}, версия {version}.",
    tokenTitle: "Нужен ключ доступа",
    tokenWhy: "Сервис отвечает только тем, кто знает его ключ. Он запомнится, пока открыта эта вкладка.",
    tokenAgain: "Этот ключ не подошёл.", tokenField: "Ключ доступа", tokenSend: "Продолжить", cancel: "Отмена",
    saidRead: "Прочитано: {text}. {status}, {share}.",
    "status.ok": "уверенно", "status.review": "проверьте", "status.rejected": "не цифра",
    "status.blank": "ничего не написано", "status.error": "не прочитано",
    "error.format": "Такой файл не прочитать как картинку. Подойдут PNG, JPEG, HEIC, WebP, TIFF и PDF.",
    "error.damaged": "Файл повреждён: он обрывается. Сохраните или отправьте его ещё раз.",
    "error.too_large": "Картинка слишком большая. Уменьшите её или вырежьте часть с цифрами.",
    "error.too_many_bytes": "Файл больше {limit} МБ. Сохраните его поменьше или вырежьте часть с цифрами.",
    "error.password": "Этот PDF открывается только с паролем. Сначала сохраните его без пароля.",
    "error.missing": "В этом файле нет страниц, которые можно прочитать.",
    "error.access": "Браузеру нельзя открыть этот файл. Скопируйте его в другую папку и выберите там.",
    "error.input": "Файл не удалось прочитать. Сохраните его как PNG или JPEG и попробуйте ещё раз.",
    "error.empty": "Файл пустой. Возможно, он скопировался не до конца.",
    "error.no_file": "Это не файл. Сначала сохраните картинку, а потом перетащите или выберите её.",
    "error.busy": "Сервис занят. Попробуйте ещё раз чуть позже.",
    "error.timeout": "Чтение заняло слишком много времени. Попробуйте ещё раз или возьмите картинку поменьше.",
    "error.lost": "Сервис не отвечает. Проверьте, что он запущен и связь есть, и повторите.",
    "error.unauthorized": "Без ключа доступа сервис ничего не читает.",
    "error.request": "Сервис не понял эту страницу. Обновите её и попробуйте ещё раз.",
    "error.internal": "В сервисе что-то сломалось. Попробуйте ещё раз или возьмите другую картинку.",
  },
};

let chosen = "en";

export function language() {
  return chosen;
}

/** The sentence of a key with its {values} put in; of an error that is new to this page, a general one. */
export function say(key, values = {}) {
  const sentence = WORDS[chosen][key] ?? WORDS[chosen][key.startsWith("error.") ? "error.input" : "nothing"];
  return sentence.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

/** A share of 0…1 for people, who would take 100.0% for certainty. */
export function percent(share) {
  const form = new Intl.NumberFormat(chosen, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
  return share >= 0.9995 ? `>${form.format(0.999)}` : form.format(share);
}

/** The language to begin with: the one that was chosen last, else the browser's. */
export function firstLanguage() {
  const before = kept("language");
  if (before in WORDS) return before;
  return navigator.language?.toLowerCase().startsWith("ru") ? "ru" : "en";
}

/** Write the whole page in a language; `remember` it for the next visit where a person chose it. */
export function speak(lang, remember = false) {
  chosen = lang;
  if (remember) keep("language", lang);
  document.documentElement.lang = lang;
  document.title = say("title");
  for (const element of document.querySelectorAll("[data-say]")) element.textContent = say(element.dataset.say);
  for (const element of document.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", say(element.dataset.label));
  }
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === lang));
  }
}
