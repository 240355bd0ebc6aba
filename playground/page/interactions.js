// What became of a command or a press: the bot answers within three seconds, opens a form, or fails.

import { emit, on } from "./state.js";
import { showModal } from "./modal.js";
import { toast } from "./toast.js";

const waiting = new Set();
const finished = new Set(); // answers that overtook their id, which waits for a microtask

/** `asked` resolves with the interaction's id, or with nothing if it was refused. */
export async function track(asked) {
  const id = await asked;
  if (id && !finished.has(id)) {
    waiting.add(id);
    emit("waiting", waiting.size);
  }
  finished.delete(id);
  return id;
}

export function mountInteractions() {
  on("interaction", ({ name, data }) => {
    if (!waiting.delete(data.id)) finished.add(data.id);
    emit("waiting", waiting.size);
    if (name === "INTERACTION_FAILURE") toast("The application did not respond", { kind: "error" });
    if (name === "INTERACTION_MODAL_CREATE") showModal(data);
  });
  on("ready", () => {
    waiting.clear();
    emit("waiting", 0);
  });
}
