// Plots as files: what is on the page, to put into a paper.

/** The light theme's colours: files are for paper, whatever the page looks like. */
const LIGHT: Record<string, string> = {
  paper: "#fbfaf7",
  surface: "#ffffff",
  line: "#e3dfd6",
  ink: "#1d1f21",
  quiet: "#6b6760",
  accent: "#0b6e99",
  low: "#c2412d",
  middle: "#d9a441",
  high: "#2f8f5b",
  violation: "#b00058",
};

const FONT = "system-ui, -apple-system, 'Segoe UI', 'Noto Sans', sans-serif";

/** The picture as a file of its own: no style sheet, no page around it. */
export function standalone(picture: SVGSVGElement, title: string): string {
  const copy = picture.cloneNode(true) as SVGSVGElement;
  const { width, height } = picture.viewBox.baseVal;
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", String(width));
  copy.setAttribute("height", String(height));
  copy.setAttribute("font-family", FONT);
  copy.setAttribute("font-size", "11");
  for (const name of ["class", "style", "tabindex", "data-testid"]) copy.removeAttribute(name);
  copy.querySelectorAll("[data-screen]").forEach((part) => {
    part.remove();
  });
  const paper = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  paper.setAttribute("width", String(width));
  paper.setAttribute("height", String(height));
  paper.setAttribute("fill", "#ffffff");
  copy.prepend(paper);
  const name = document.createElementNS("http://www.w3.org/2000/svg", "title");
  name.textContent = title;
  copy.prepend(name);
  const text = new XMLSerializer().serializeToString(copy);
  return text.replace(/var\(--([a-z-]+)\)/g, (whole, token: string) => LIGHT[token] ?? whole);
}

/** The picture drawn at twice its size. */
export async function raster(svg: string, width: number, height: number): Promise<Blob> {
  const address = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = address;
    await image.decode();
    const canvas = new OffscreenCanvas(width * 2, height * 2);
    const context = canvas.getContext("2d");
    if (!context) throw new Error("this browser has no canvas");
    context.drawImage(image, 0, 0, width * 2, height * 2);
    return await canvas.convertToBlob({ type: "image/png" });
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** A file's name from a title: letters, digits and hyphens. */
export function fileName(title: string, extension: string): string {
  const plain = title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
  return `${plain || "plot"}.${extension}`;
}

/** Hands a file to the person. */
export function download(content: Blob, name: string): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // The browser has taken it over by the next turn.
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}
