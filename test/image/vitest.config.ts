import { defineConfig } from "vitest/config";

/** `npm run image`: apart from the other tests, because it needs root on Debian, and minutes. */
export default defineConfig({
  test: {
    name: "image",
    include: ["test/image/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 420_000,
    reporters: ["verbose"],
  },
});
