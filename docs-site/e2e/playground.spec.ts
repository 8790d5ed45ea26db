import AxeBuilder from "@axe-core/playwright";
import { expect, type Page, test } from "@playwright/test";

const verdict = (page: Page) => page.locator("kubehop-playground").first().getByRole("status");

async function open(page: Page, path = "/"): Promise<void> {
  await page.goto(path);
  await expect(verdict(page)).not.toHaveText(/Fill in|^\s*$/);
}

test("the first page answers a question before anything is clicked", async ({ page }) => {
  await open(page);
  await expect(verdict(page)).toHaveText(/timed out|times out/i);
  const steps = page.getByRole("region", { name: "Why" }).getByRole("listitem");
  expect(await steps.count()).toBeGreaterThan(2);
});

test("an edit changes the answer, and reset brings it back", async ({ page }) => {
  await open(page);
  const before = (await verdict(page).textContent()) ?? "";
  const editor = page.getByRole("textbox", { name: "Kubernetes manifests" });
  await editor.scrollIntoViewIfNeeded();
  await expect(editor).toBeVisible();
  await page.locator("kubehop-playground").first().evaluate((element) => {
    const playground = element as HTMLElement & { manifests: string };
    playground.manifests = playground.manifests.replace(/kind: NetworkPolicy/g, "kind: ConfigMap");
  });
  await expect(verdict(page)).toHaveText(/connect/i);
  await page.getByRole("button", { name: "Reset" }).first().click();
  await expect(verdict(page)).toHaveText(before);
});

test("broken YAML is shown at its line and the page goes on", async ({ page }) => {
  await open(page);
  const playground = page.locator("kubehop-playground").first();
  await playground.evaluate((element) => {
    const each = element as HTMLElement & { manifests: string };
    each.manifests = `${each.manifests}\n---\nkind: Pod\n\tname: x\n`;
  });
  await expect(playground.getByText(/Problems \([1-9]/)).toBeVisible();
  await expect(playground.getByRole("button", { name: /line \d+/ }).first()).toBeVisible();
});

test("steps can be walked with the keyboard", async ({ page }) => {
  await open(page);
  const steps = page.locator("kubehop-playground").first().locator("ol.steps > li > button");
  await steps.first().click();
  await expect(steps.first()).toHaveAttribute("aria-current", "step");
  await page.keyboard.press("ArrowDown");
  await expect(steps.nth(1)).toHaveAttribute("aria-current", "step");
});

test("a shared link restores the screen", async ({ page }) => {
  await open(page);
  const playground = page.locator("kubehop-playground").first();
  await playground.evaluate((element) => {
    const each = element as HTMLElement & { manifests: string };
    each.manifests = each.manifests.replace(/kind: NetworkPolicy/g, "kind: ConfigMap");
  });
  await expect(verdict(page)).toHaveText(/connect/i);
  const text = (await verdict(page).textContent()) ?? "";
  await page.getByRole("button", { name: "Share" }).first().click();
  const url = page.url();
  expect(url).toContain("#kubehop=");
  await page.goto("about:blank");
  await page.goto(url);
  await expect(verdict(page)).toHaveText(text);
});

for (const [name, options] of [
  ["light", { colorScheme: "light", width: 1440 }],
  ["dark", { colorScheme: "dark", width: 1440 }],
  ["390 px", { colorScheme: "light", width: 390 }],
  ["320 px", { colorScheme: "dark", width: 320 }],
] as const) {
  test(`no accessibility violation and no sideways scroll: ${name}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: options.colorScheme, reducedMotion: "reduce" });
    await page.setViewportSize({ width: options.width, height: 900 });
    await open(page);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(overflow).toBeLessThanOrEqual(0);
    // The theme makes code blocks that scroll focusable when the page is idle: what counts is the settled page.
    await expect(async () => {
      const builder = new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]);
      expect((await builder.analyze()).violations).toEqual([]);
    }).toPass({ timeout: 15_000 });
  });
}

test("every page of the sidebar loads without an error", async ({ page }) => {
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(`${page.url()}: ${error.message}`));
  await page.goto("/start/browser/");
  const links = await page.locator("nav.sidebar a").evaluateAll((all) => all.map((each) => (each as HTMLAnchorElement).pathname));
  expect(links.length).toBeGreaterThan(5);
  for (const path of new Set(links)) {
    const response = await page.goto(path);
    expect(response?.status(), path).toBe(200);
    for (const playground of await page.locator("kubehop-playground").all()) {
      await expect(playground.getByRole("status")).not.toHaveText(/^\s*$/);
    }
  }
  expect(errors).toEqual([]);
});
