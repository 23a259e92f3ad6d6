// Opens every page of the book without a network, in both languages, light on a phone and dark on a desk; the
// chapters also dark on a phone and light on a desk.
// node browser.cjs PLAYWRIGHT CHROMIUM BOOK: a line for every fault; status 1 if there is one.
const fs = require("fs");
const path = require("path");
const [, , playwright, executablePath, book] = process.argv;
const { chromium } = require(playwright);

const SIZES = { phone: { width: 390, height: 844 }, desk: { width: 1280, height: 900 } };
const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync"];

const pages = ["en", "zh"].flatMap((language) =>
  fs.readdirSync(path.join(book, language), { recursive: true })
    .filter((name) => name.endsWith(".html") && !name.startsWith("_modules"))
    .map((name) => path.join(language, name)));

(async () => {
  let faults = 0;
  const browser = await chromium.launch({ executablePath, args: FLAGS });
  for (const colorScheme of ["light", "dark"]) {
    for (const [size, viewport] of Object.entries(SIZES)) {
      const context = await browser.newContext({ viewport, colorScheme, offline: true });
      const page = await context.newPage();
      let where = "";
      const fault = (what) => { faults++; console.log(`${where} (${colorScheme}, ${size}): ${what}`); };
      page.on("console", (message) => message.type() === "error" && fault(`console: ${message.text()}`));
      page.on("pageerror", (error) => fault(`script: ${error.message}`));
      page.on("requestfailed", (request) => fault(`no answer: ${request.url()}`));
      page.on("request", (request) => /^https?:/.test(request.url()) && fault(`asks the network: ${request.url()}`));
      const every = (colorScheme === "light") === (size === "phone");
      for (where of pages.filter((name) => every || name.split(path.sep).length === 2)) {
        await page.goto("file://" + path.resolve(book, where));
        const found = await page.evaluate(() => ({
          red: document.querySelectorAll(".katex-error").length,
          wide: document.documentElement.scrollWidth - innerWidth,
          lang: document.documentElement.lang,
          other: document.querySelector(".languages a")?.href,
        }));
        if (found.red) fault(`${found.red} red formulas`);
        if (found.wide > 0) fault(`scrolls sideways by ${found.wide} px`);
        if (!found.lang.startsWith(where.slice(0, 2))) fault(`its language is ${found.lang}`);
        if (!found.other || !fs.existsSync(new URL(found.other))) fault(`leads to no page in the other language`);
      }
      await context.close();
    }
  }
  await browser.close();
  console.log(`${pages.length} pages in Chromium: ${faults} faults`);
  process.exit(faults ? 1 : 0);
})();
