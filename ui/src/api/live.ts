// One run's WebSocket: hands on what it hears, and comes back by itself when the line breaks.

import type { Wish, Word } from "./types";

export type Line = "connecting" | "open" | "lost" | "closed";

const RETRY_MS_MIN = 250;
const RETRY_MS_MAX = 4000;

/** Words as they came, for another thread: a text is handed on in no time, an object is not. */
export const textOf = new WeakMap<Word, string>();

/** Who is told what. */
export interface Listener {
  hear(word: Word): void;
  changed(line: Line): void;
  /** Has everything been heard? Then a closed line is not a lost one. */
  complete(): boolean;
}

/** Listens to a run until closed. Each connection starts anew with a hello. */
export class LiveLine {
  private socket: WebSocket | null = null;
  private retry_ms = RETRY_MS_MIN;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private closed = false;
  /** What was asked while there was no line; only the last of it, since each wish replaces the one before. */
  private waiting: Wish | null = null;

  constructor(
    private readonly run: string,
    private readonly listener: Listener,
  ) {
    this.connect();
  }

  private connect(): void {
    const socket = new WebSocket(address(this.run));
    this.socket = socket;
    socket.onopen = () => {
      this.retry_ms = RETRY_MS_MIN;
      this.listener.changed("open");
      if (this.waiting) this.say(this.waiting);
      this.waiting = null;
    };
    socket.onmessage = (message) => {
      const text = String(message.data);
      const word = JSON.parse(text) as Word;
      textOf.set(word, text);
      this.listener.hear(word);
    };
    socket.onclose = () => this.lost();
  }

  private lost(): void {
    this.socket = null;
    if (this.closed) return;
    if (this.listener.complete() && !this.waiting) {
      this.listener.changed("closed");
      return;
    }
    this.listener.changed("lost");
    this.timer = setTimeout(() => this.connect(), this.retry_ms);
    this.retry_ms = Math.min(this.retry_ms * 2, RETRY_MS_MAX);
  }

  /** Asks something of the run; on a line that is not open, as soon as it is. */
  say(wish: Wish): void {
    if (this.closed) return;
    if (this.socket?.readyState === WebSocket.OPEN) {
      this.socket.send(JSON.stringify(wish));
      return;
    }
    this.waiting = wish;
    // The lab hung up when all was told; now there is something to ask.
    if (this.socket === null && this.listener.complete()) {
      clearTimeout(this.timer);
      this.connect();
    }
  }

  /** Hangs up for good. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    clearTimeout(this.timer);
    this.socket?.close();
    this.listener.changed("closed");
  }
}

function address(run: string): URL {
  const url = new URL(`/api/runs/${encodeURIComponent(run)}/live`, location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.hash = "";
  return url;
}
