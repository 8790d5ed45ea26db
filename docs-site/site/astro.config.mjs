import starlight from "@astrojs/starlight";
import { defineConfig, passthroughImageService } from "astro/config";

// Static output, no server, no image processing: the pages are text and one custom element.
export default defineConfig({
  site: "https://kubehop.dev",
  image: { service: passthroughImageService() },
  integrations: [
    starlight({
      title: "kubehop",
      favicon: "/favicon.svg",
      description: "What a Kubernetes network would do, and why: every hop and its reason, live in the page.",
      customCss: ["@fontsource-variable/inter", "./src/styles/site.css"],
      lastUpdated: false,
      pagination: true,
      sidebar: [
        { label: "Start", items: [{ autogenerate: { directory: "start" } }] },
        { label: "Mechanisms", items: [{ autogenerate: { directory: "mechanisms" } }] },
        { label: "Reference", items: [
            { label: "Every case", link: "/cases/" },
            { label: "Codes of problems", link: "/reference/codes/" },
            { label: "Where each rule comes from", link: "/reference/rules/" },
            { autogenerate: { directory: "reference" } },
          ] },
        { label: "About", items: [{ autogenerate: { directory: "about" } }] },
      ],
    }),
  ],
});
