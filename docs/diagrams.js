// Draws the diagrams of the site in its theme, and anew when a reader changes it.

const THEMES = {
  light: {
    primaryColor: "#e3eefb",
    primaryTextColor: "#14181d",
    primaryBorderColor: "#1565c0",
    lineColor: "#44505c",
    clusterBkg: "#f6f8fa",
    clusterBorder: "#8b97a3",
    titleColor: "#14181d",
    edgeLabelBackground: "#ffffff",
    noteBkgColor: "#fff6d6",
    noteTextColor: "#14181d",
    noteBorderColor: "#a98400",
    signalColor: "#44505c",
    signalTextColor: "#14181d",
  },
  dark: {
    darkMode: true,
    primaryColor: "#203a57",
    primaryTextColor: "#f1f5f9",
    primaryBorderColor: "#82b8ff",
    lineColor: "#b9c4d0",
    clusterBkg: "#1a2027",
    clusterBorder: "#6d7c8b",
    titleColor: "#f1f5f9",
    edgeLabelBackground: "#14181d",
    noteBkgColor: "#3d3417",
    noteTextColor: "#fff6d6",
    noteBorderColor: "#c9a93f",
    signalColor: "#b9c4d0",
    signalTextColor: "#f1f5f9",
  },
};
const places = [...document.querySelectorAll("pre.mermaid")].map((place) => [place, place.textContent]);

async function drawAll() {
  const name = document.documentElement.dataset.theme === "dark" ? "dark" : "light";
  mermaid.initialize({ startOnLoad: false, theme: "base", themeVariables: THEMES[name] });
  for (const [place, text] of places) {
    place.removeAttribute("data-processed");
    place.textContent = text;
  }
  await mermaid.run({ nodes: places.map(([place]) => place) });
}

void drawAll();
new MutationObserver(() => void drawAll()).observe(document.documentElement, {
  attributes: true,
  attributeFilter: ["data-theme"],
});
