// The page speaks the language of its reader, and changes it without losing anything.
import { equal, until } from "../stage.mjs";
import { openRoom, toMessages, toRooms, write } from "../people.mjs";

export const look = { language: "en", theme: "light" };

const WELCOME = {
  en: "Choose a room, or open one",
  de: "Wähle einen Raum oder eröffne einen",
  es: "Elige una sala o abre una",
  fr: "Choisissez un salon ou ouvrez-en un",
  ar: "اختر غرفة أو افتح واحدة",
};

const LOCALES = { en: "en-US", de: "de-AT", es: "es-MX", fr: "fr-CA", ar: "ar-MA" };

export async function play(stage) {
  const node = await stage.node();
  for (const [language, welcome] of Object.entries(WELCOME)) {
    const page = await stage.person({ locale: LOCALES[language] });
    await page.goto(node.url);
    await until(`the welcome in ${language}`, async () => (await page.locator(".panel h1").textContent()) === welcome);
    equal(await page.getAttribute("html", "lang"), language, "lang");
    equal(await page.getAttribute("html", "dir"), language === "ar" ? "rtl" : "ltr", "dir");
    await page.context().close();
  }

  const ada = await stage.person({ locale: "en-GB" });
  await openRoom(ada, node.url, "Babel");
  await write(ada, "same words");
  await ada.fill("#message", "kept");
  await toRooms(ada);
  await ada.locator(".brand .round").last().click();
  for (const language of ["fr", "ar", "de"]) {
    await ada.selectOption("#language", language);
    await until(`lang ${language}`, async () => (await ada.getAttribute("html", "lang")) === language);
  }
  await ada.locator("dialog .choice input[type=radio]").nth(2).check();
  equal(await ada.getAttribute("html", "data-theme"), "dark", "theme");
  await stage.accessible(ada, "the settings in German, dark by choice");
  await ada.keyboard.press("Escape");
  await toMessages(ada);
  equal(await ada.inputValue("#message"), "kept", "the draft");
  await until("rows in the new language", async () => (await ada.locator(".author").last().textContent()) === "Du");
  await ada.reload();
  await until("the choice is kept", async () => (await ada.getAttribute("html", "lang")) === "de");
  equal(await ada.getAttribute("html", "data-theme"), "dark", "theme after a reload");
}
