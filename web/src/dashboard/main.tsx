import { render } from "preact";
import { Api } from "./api.ts";
import { App } from "./app.tsx";
import { applyTheme } from "./appearance.ts";
import { Desk } from "./desk.ts";

applyTheme();
const desk = new Desk(new Api(new URL(".", location.href.replace(/[?#].*$/, "")).href, sessionStorage));
render(<App desk={desk} />, document.getElementById("app") as HTMLElement);
