// The token that a service may ask for.
//
// Flows in: what a person types into the dialog. Flows out: the token, kept until the tab is closed. Requests that
// are refused at the same time share one dialog.

import { keep, kept } from "./memory.js";

const dialog = document.getElementById("token");
const form = document.getElementById("token-form");
const field = document.getElementById("token-field");

let known = kept("token", "sessionStorage");
let asking = null;

export function token() {
  return known;
}

/** Ask for the token; null where the person would rather not. refused: the token that was just refused, or null. */
export function askToken(refused) {
  if (known !== refused) return Promise.resolve(known); // another request has asked meanwhile
  asking ??= ask(refused !== null).finally(() => {
    asking = null;
  });
  return asking;
}

function ask(again) {
  document.getElementById("token-again").hidden = !again;
  field.value = "";
  dialog.showModal();
  field.focus();
  return new Promise((resolve) => {
    const done = () => {
      dialog.removeEventListener("close", done);
      if (dialog.returnValue) {
        known = dialog.returnValue;
        keep("token", known, "sessionStorage");
      }
      resolve(dialog.returnValue || null);
    };
    dialog.returnValue = "";
    dialog.addEventListener("close", done);
  });
}

// The service's policy lets no form go anywhere, so the page takes what was typed itself.
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (field.value.trim()) dialog.close(field.value.trim());
});
document.getElementById("token-cancel").addEventListener("click", () => dialog.close(""));
