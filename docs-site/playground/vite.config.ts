import { defineConfig } from "vite";

// One file that registers the element, the engine inlined in it; the editor is a chunk of its own,
// loaded when it is first shown.
export default defineConfig({
  build: {
    target: "es2022",
    lib: { entry: "src/index.ts", formats: ["es"], fileName: () => "kubehop-playground.js" },
    rollupOptions: { output: { chunkFileNames: "[name].js" } },
  },
});
