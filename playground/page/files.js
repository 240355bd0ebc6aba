// Files on their way into a message: chosen by the button, dropped on the page or pasted. Contract: they wait
// as chips above the box until the message is sent; a refused message brings them back. Discord's limits.

import { byId, h } from "./dom.js";
import { icon } from "./icons.js";
import { toast } from "./toast.js";

const MOST = 10;
const LIMIT_BYTES = 10 * 1024 * 1024; // of one file, as Discord has it
const TOGETHER_BYTES = 20 * 1024 * 1024; // of one message, as the page's socket has it

export function sizeOf(bytes) {
  if (bytes < 1024) return `${bytes} bytes`;
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

/** `isAllowed()`: whether one may write here; `changed()` is called after every change. */
export function mountFiles({ isAllowed, changed }) {
  const bar = byId("file-bar");
  const picker = byId("file-picker");
  let files = [];

  function set(list) {
    files = list;
    bar.hidden = !files.length;
    bar.replaceChildren(...files.map(chip));
    changed();
  }

  function chip(file) {
    const remove = () => set(files.filter((other) => other !== file));
    return h(
      "div.file-chip",
      { data: { testid: "file", name: file.name } },
      icon("file"),
      h("span.file-name", { title: file.name }, file.name),
      h("small", {}, sizeOf(file.size)),
      h("button.icon-button", { type: "button", "aria-label": `Remove ${file.name}`, data: { testid: "remove-file" }, onclick: remove }, icon("close")),
    );
  }

  function add(more) {
    if (!more.length || !isAllowed()) return;
    const fitting = more.filter((file) => file.size <= LIMIT_BYTES);
    const together = [...files, ...fitting];
    if (fitting.length < more.length) toast(`Your files are too powerful: ${sizeOf(LIMIT_BYTES)} each at most`, { kind: "error" });
    if (together.length > MOST) toast(`${MOST} files a message at most`, { kind: "error" });
    else if (together.reduce((sum, file) => sum + file.size, 0) > TOGETHER_BYTES) toast(`${sizeOf(TOGETHER_BYTES)} a message at most`, { kind: "error" });
    else set(together);
  }

  byId("attach").addEventListener("click", () => picker.click());
  picker.addEventListener("change", () => {
    add([...picker.files]);
    picker.value = ""; // so that the same file can be chosen again
    byId("composer-input").focus();
  });
  byId("composer-input").addEventListener("paste", (event) => {
    if (!event.clipboardData.files.length) return;
    event.preventDefault();
    add([...event.clipboardData.files]);
  });
  const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    document.body.classList.add("dropping");
  });
  addEventListener("dragleave", (event) => event.relatedTarget === null && document.body.classList.remove("dropping"));
  addEventListener("drop", (event) => {
    document.body.classList.remove("dropping");
    if (!carriesFiles(event)) return;
    event.preventDefault();
    add([...event.dataTransfer.files]);
  });

  return {
    get list() {
      return files;
    },
    set,
  };
}

/** As the page's socket carries them: [{name, content: base64}]. */
export function encoded(files) {
  return Promise.all(files.map(async (file) => ({ name: file.name, content: await base64(file) })));
}

function base64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}
