import type { JSX } from "preact";
import type { FailureReason, OutboxItem, Client } from "../client/index.ts";
import type { Chat } from "./chat.ts";
import { peopleText } from "./comings.ts";
import { speech, t } from "./i18n/index.ts";
import type { Key } from "./i18n/index.ts";
import { Icon } from "./icons.tsx";
import { isPictures, tokenize } from "./links.ts";
import { hue, initials } from "./people.ts";
import { Time } from "./time.tsx";
import type { GapItem, MessageItem, PeopleItem } from "./timeline.ts";

/** The words of a message, with its addresses made safe. Text nodes and anchors, never markup. */
export function Words({ text }: { text: string }): JSX.Element {
  return (
    <p class={isPictures(text) ? "words pictures" : "words"} dir="auto">
      {tokenize(text).map((token) =>
        token.href === undefined ? (
          token.text
        ) : (
          <a href={token.href} target="_blank" rel="noopener noreferrer nofollow ugc" title={token.href} dir="ltr">
            {token.text}
          </a>
        ),
      )}
    </p>
  );
}

export function Avatar({ person }: { person: Client }): JSX.Element {
  return (
    <span class="avatar person-seal" style={{ "--hue": String(hue(person.clientId)) }} aria-hidden="true">
      {initials(person.username, person.clientId)}
    </span>
  );
}

/** Name and number: names can be taken by anybody, numbers cannot. */
function Author({ person, owner }: { person: Client; owner: boolean }): JSX.Element {
  const shown = person.username === `User ${person.clientId}`;
  return (
    <span class="author person" style={{ "--hue": String(hue(person.clientId)) }}>
      <bdi>{person.username}</bdi>
      {shown ? null : <span class="number">#{person.clientId}</span>}
      {owner ? <span class="owner" title={t("owner")}>★<span class="hidden-visually"> {t("owner")}</span></span> : null}
    </span>
  );
}

export function MessageRow({ item, owner }: { item: MessageItem; owner: boolean }): JSX.Element {
  const { message, follows } = item;
  const classes = `message${message.own ? " own" : ""}${follows ? " follows" : ""}`;
  return (
    <div class={classes}>
      {message.own || follows ? null : <Avatar person={message.from} />}
      <div class="bubble" title={speech.value.full.format(new Date(message.at))}>
        {follows ? (
          <span class="hidden-visually">{message.own ? t("you") : message.from.username}: </span>
        ) : (
          <div class="head">
            {message.own ? <span class="author">{t("you")}</span> : <Author person={message.from} owner={owner} />}
            <Time at={message.at} />
          </div>
        )}
        <Words text={message.text} />
      </div>
      {message.own ? (
        <span class="delivery sent" title={t("sent")}>
          <Icon name="check" />
          <span class="hidden-visually">{t("sent")}</span>
        </span>
      ) : null}
    </div>
  );
}

const FAILURES: Record<FailureReason, Key> = {
  no_answer: "failedNoAnswer",
  refused: "failedRefused",
  room_gone: "failedRoomGone",
  unsure: "failedUnsure",
  left_behind: "failedLeftBehind",
};

/** A message without an answer yet; `here` is false when it was meant for another room. */
export function OutgoingRow({ item, chat, here }: { item: OutboxItem; chat: Chat; here: boolean }): JSX.Element {
  const failed = item.state === "failed";
  const text = failed ? t(FAILURES[item.reason ?? "no_answer"]) : t(item.state === "sending" ? "sending" : "queued");
  return (
    <div class={`message own outgoing${failed ? " failed" : ""}`} data-id={item.id}>
      <div class="bubble">
        <Words text={item.text} />
        <div class="delivery">
          <span class="said"><Icon name={failed ? "alert" : "clock"} /><span>{text}</span></span>
          {failed ? (
            <span class="choices">
              <button type="button" class="plain" onClick={() => chat.client.retry(item.id)}>{t(here ? "retry" : "sendHere")}</button>
              <button type="button" class="plain" onClick={() => chat.client.discard(item.id)}>{t("delete")}</button>
            </span>
          ) : null}
        </div>
      </div>
    </div>
  );
}

export function GapRow(_: { item: GapItem }): JSX.Element {
  return <p class="line gap">{t("gap")}</p>;
}

/** Who came and went, in as few words as will do. */
export function PeopleRow({ item }: { item: PeopleItem }): JSX.Element {
  return <p class="line">{peopleText(item).join(" · ")}</p>;
}
