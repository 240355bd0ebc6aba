// The line to the playground, as one person. Contract: `connect(name)` opens a socket that delivers what
// that person sees; `ask(verb, details)` does something as them and resolves with the answer or rejects
// with a Refusal. Reconnects by itself, with growing pauses; every connection starts with a full "ready".

/** A refusal in Discord's words. */
export class Refusal extends Error {
  constructor({ status, code, message }) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const FIRST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 5000;

export class Line {
  constructor({ onready, onevent, onstate }) {
    this.handlers = { onready, onevent, onstate };
    this.waiting = new Map();
    this.lastId = 0;
    this.pause = FIRST_PAUSE_MS;
  }

  connect(person) {
    this.person = person;
    clearTimeout(this.timer);
    const old = this.socket;
    this.socket = null;
    old?.close();
    this.drop("You switched to somebody else.");
    const url = new URL("/page/socket", location.href);
    url.protocol = url.protocol.replace("http", "ws");
    url.searchParams.set("as", person);
    url.searchParams.set("locale", navigator.language);
    const socket = new WebSocket(url);
    this.socket = socket;
    socket.addEventListener("message", ({ data }) => socket === this.socket && this.hear(JSON.parse(data)));
    socket.addEventListener("close", () => socket === this.socket && this.retry());
  }

  hear(frame) {
    if (frame.type === "ready") {
      this.pause = FIRST_PAUSE_MS;
      this.handlers.onstate(true);
      this.handlers.onready(frame);
    } else if (frame.type === "event") this.handlers.onevent(frame.name, frame.data);
    else if (frame.type === "answer") {
      const { resolve, reject } = this.waiting.get(frame.id) || {};
      this.waiting.delete(frame.id);
      if (frame.error) reject?.(new Refusal(frame.error));
      else resolve?.(frame.value);
    }
  }

  retry() {
    this.drop("The playground cannot be reached. Is it still running?");
    this.handlers.onstate(false);
    this.timer = setTimeout(() => this.connect(this.person), this.pause);
    this.pause = Math.min(this.pause * 2, LONGEST_PAUSE_MS);
  }

  drop(reason) {
    for (const { reject } of this.waiting.values()) reject(new Refusal({ status: 0, code: 0, message: reason }));
    this.waiting.clear();
  }

  ask(verb, details = {}) {
    return new Promise((resolve, reject) => {
      if (this.socket?.readyState !== WebSocket.OPEN) {
        reject(new Refusal({ status: 0, code: 0, message: "The playground cannot be reached. Is it still running?" }));
        return;
      }
      const id = ++this.lastId;
      this.waiting.set(id, { resolve, reject });
      this.socket.send(JSON.stringify({ id, do: verb, with: details }));
    });
  }
}
