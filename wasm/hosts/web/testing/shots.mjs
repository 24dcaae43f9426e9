// Pictures of the page, to look at: node testing/shots.mjs FOLDER
import { join } from "node:path";
import { chromium, launch, serve } from "./page.mjs";

const folder = process.argv[2] ?? ".";
const server = await serve();
const browser = await launch(chromium());
for (const width of [390, 1200]) {
  for (const colorScheme of ["light", "dark"]) {
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
    page.on("console", (m) => console.log(m.text()));
    page.on("pageerror", (e) => console.log(e));
    await page.goto(server.url);
    await page.getByRole("button", { name: "Open the demo’s" }).click();
    await page.locator("#past svg").first().waitFor();
    await page.locator("#numbers summary").click();
    await page.locator("#history").focus();
    await page.keyboard.press("End");
    await page.screenshot({ path: join(folder, `${width}-${colorScheme}.png`), fullPage: true });
    await page.close();
  }
}
await browser.close();
server.close();
