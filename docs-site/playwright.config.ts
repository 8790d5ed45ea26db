import { existsSync } from "node:fs";
import { defineConfig } from "@playwright/test";

// Debian's Chromium, or whatever $CHROMIUM names: nothing is downloaded.
const executablePath = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/google-chrome"].find(
  (path) => path && existsSync(path),
);

export default defineConfig({
  testDir: "e2e",
  workers: 2,
  reporter: [["list"]],
  use: { baseURL: "http://127.0.0.1:4321", launchOptions: { executablePath } },
  webServer: {
    command: "npm run preview -w site -- --host 127.0.0.1 --port 4321",
    url: "http://127.0.0.1:4321/",
    reuseExistingServer: false,
  },
});
