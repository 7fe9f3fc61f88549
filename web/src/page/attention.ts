import type { ChatMessage, Room } from "../client/index.ts";
import { t } from "./i18n/index.ts";
import { preferences } from "./preferences.ts";

/** Title, icon, sound and notification: how a page in the background makes itself noticed. */
export class Attention {
  readonly #icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  readonly #plain = this.#icon?.href ?? "";
  #shown = -1;
  #audio: AudioContext | undefined;
  #soundedAt = 0;

  /** Shows in title and icon how many messages wait. */
  show(room: string | undefined, unread: number): void {
    const name = room === undefined ? t("appName") : `${room} · ${t("appName")}`;
    const title = unread > 0 ? `(${unread > 99 ? "99+" : unread}) ${name}` : name;
    if (document.title !== title) document.title = title;
    const mark = Math.min(unread, 100);
    if (mark !== this.#shown) void this.#badge(mark);
  }

  /** A message has come that nobody is looking at. */
  message(message: ChatMessage, room: Room): void {
    const { sound, notifications } = preferences.value;
    if (sound) this.#sound();
    if (notifications && typeof Notification === "function" && Notification.permission === "granted") {
      const title = t("notificationTitle", { name: message.from.username, room: room.name });
      // One notification per room: a busy room replaces its own instead of piling up.
      try {
        const shown = new Notification(title, { body: message.text.slice(0, 200), tag: `room-${room.roomId}` });
        shown.onclick = () => {
          window.focus();
          shown.close();
        };
      } catch {
        // Browsers on phones have the constructor and refuse to construct.
      }
    }
  }

  async #badge(unread: number): Promise<void> {
    this.#shown = unread;
    const link = this.#icon;
    if (link === null) return;
    if (unread === 0) {
      link.href = this.#plain;
      return;
    }
    const image = new Image(64, 64);
    image.src = this.#plain;
    await image.decode().catch(() => {});
    if (this.#shown !== unread) return;
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 64;
    const context = canvas.getContext("2d");
    if (context === null) return;
    context.drawImage(image, 0, 0, 64, 64);
    context.fillStyle = "#b3261e";
    context.beginPath();
    context.arc(44, 20, 20, 0, 2 * Math.PI);
    context.fill();
    context.fillStyle = "#ffffff";
    context.font = "bold 26px sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(unread > 99 ? "99" : String(unread), 44, 21, 34);
    link.href = canvas.toDataURL("image/png");
  }

  /** Two soft tones, at most one pair in two seconds. */
  #sound(): void {
    const now = Date.now();
    if (now - this.#soundedAt < 2_000) return;
    this.#soundedAt = now;
    const audio = (this.#audio ??= new AudioContext());
    // It begins asleep in a page that nobody has touched since it was loaded.
    if (audio.state === "suspended") void audio.resume();
    [660, 880].forEach((frequency, i) => {
      const start = audio.currentTime + i * 0.09;
      const tone = audio.createOscillator();
      const volume = audio.createGain();
      tone.frequency.value = frequency;
      volume.gain.setValueAtTime(0.0001, start);
      volume.gain.exponentialRampToValueAtTime(0.06, start + 0.015);
      volume.gain.exponentialRampToValueAtTime(0.0001, start + 0.22);
      tone.connect(volume).connect(audio.destination);
      tone.start(start);
      tone.stop(start + 0.25);
    });
  }
}
