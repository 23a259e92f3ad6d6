// Opens every page of the book without a network, in both languages, and looks at it light on a phone and dark on
// a desk; at the chapters also dark on a phone and light on a desk.
// node browser.cjs PLAYWRIGHT CHROMIUM BOOK: a line for every fault; status 1 if there is one.
const fs = require("fs");
const path = require("path");
const [, , playwright, executablePath, book] = process.argv;
const { chromium } = require(playwright);

const PHONE = { width: 390, height: 844 };
const DESK = { width: 1280, height: 900 };
const LOOKS = [["light", PHONE], ["dark", DESK]];
const LOOKS_AT_CHAPTERS = [...LOOKS, ["dark", PHONE], ["light", DESK]];
const TABS = 2;
const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync"];

const pages = ["en", "zh"].flatMap((language) =>
  fs.readdirSync(path.join(book, language), { recursive: true })
    .filter((name) => name.endsWith(".html") && !name.startsWith("_modules"))
    .map((name) => path.join(language, name)));

let faults = 0;
const waiting = [...pages];

async function openInTurn(browser) {
  const context = await browser.newContext({ offline: true });
  const page = await context.newPage();
  let where = "";
  const fault = (what) => { faults++; console.log(`${where}: ${what}`); };
  page.on("console", (message) => message.type() === "error" && fault(`console: ${message.text()}`));
  page.on("pageerror", (error) => fault(`script: ${error.message}`));
  page.on("requestfailed", (request) => fault(`no answer: ${request.url()}`));
  page.on("request", (request) => /^https?:/.test(request.url()) && fault(`asks the network: ${request.url()}`));
  while (waiting.length) {
    where = waiting.shift();
    const isChapter = where.split(path.sep).length === 2;
    const looks = isChapter ? LOOKS_AT_CHAPTERS : LOOKS;
    await page.setViewportSize(looks[0][1]);
    await page.emulateMedia({ colorScheme: looks[0][0] });
    await page.goto("file://" + path.resolve(book, where));
    const found = await page.evaluate(() => ({
      red: document.querySelectorAll(".katex-error").length,
      lang: document.documentElement.lang,
      other: document.querySelector(".languages a")?.href,
    }));
    if (found.red) fault(`${found.red} red formulas`);
    if (!found.lang.startsWith(where.slice(0, 2))) fault(`its language is ${found.lang}`);
    if (!found.other || !fs.existsSync(new URL(found.other))) fault(`leads to no page in the other language`);
    for (const [colorScheme, viewport] of looks) {
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (wide > 0) fault(`scrolls sideways by ${wide} px (${colorScheme}, ${viewport.width} px wide)`);
    }
  }
  await context.close();
}

(async () => {
  const browser = await chromium.launch({ executablePath, args: FLAGS });
  await Promise.all(Array.from({ length: TABS }, () => openInTurn(browser)));
  await browser.close();
  console.log(`${pages.length} pages in Chromium: ${faults} faults`);
  process.exit(faults ? 1 : 0);
})();
