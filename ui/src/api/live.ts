// One run's WebSocket: hands on what it hears, and comes back by itself when the line breaks.

import type { Wish, Word } from "./types";

export type Line = "connecting" | "open" | "lost" | "closed";

const RETRY_MS_MIN = 250;
const RETRY_MS_MAX = 4000;

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
    };
    socket.onmessage = (message) => this.listener.hear(JSON.parse(String(message.data)) as Word);
    socket.onclose = () => this.lost();
  }

  private lost(): void {
    if (this.closed) return;
    if (this.listener.complete()) {
      this.close();
      return;
    }
    this.listener.changed("lost");
    this.timer = setTimeout(() => this.connect(), this.retry_ms);
    this.retry_ms = Math.min(this.retry_ms * 2, RETRY_MS_MAX);
  }

  /** Asks something of the run; lost while the line is. */
  say(wish: Wish): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(wish));
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
