// Files that the page writes by itself: a canvas as PNG, text as JSON, a sheet of labelled lines.
const saveBlob = (blob, name) => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
};
const savePicture = (canvas, name) => canvas.toBlob((blob) => saveBlob(blob, name), "image/png");
const saveText = (text, name) => saveBlob(new Blob([text], { type: "application/json" }), name);

const SMALL = "12px system-ui, sans-serif"; // the labels and words of a sheet
const PAGE = { edge: 16, gap: 4, between: 14, label: 92, line: 18 };
// A sentence as lines no wider than `room`; what has no blank to part at is drawn narrower.
const brokenLines = (context, words, room) => {
  const lines = [];
  for (const word of words.split(/\s+/)) {
    const longer = lines.length ? `${lines.at(-1)} ${word}` : word;
    if (lines.length && context.measureText(longer).width <= room) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
};
// What stands in `rows` (nodes of makeRow), in lines as on the page, with words below: a canvas. Of a line all canvases are
// drawn, and of a heat map its tones and numbers.
const sheetOf = (groups, words) => {
  const rows = groups.map((group) => [...group.querySelectorAll(".patch-row")].map((row) => [row, row.querySelector(".patch-line")]));
  const width = Math.max(320, ...rows.flat().map(([, line]) => line.offsetWidth)) + PAGE.label + 2 * PAGE.edge;
  const heights = rows.map((group) => group.reduce((sum, [, line]) => sum + line.offsetHeight + PAGE.gap, PAGE.between));
  const sheet = document.createElement("canvas");
  const context = sheet.getContext("2d");
  context.font = SMALL;
  const below = words.flatMap((one) => brokenLines(context, one, width - 2 * PAGE.edge));
  sheet.width = width;
  sheet.height = heights.reduce((a, b) => a + b, 2 * PAGE.edge) + PAGE.line * below.length;
  context.imageSmoothingEnabled = false;
  context.fillStyle = "white";
  context.fillRect(0, 0, sheet.width, sheet.height);
  context.textBaseline = "middle";
  let y = PAGE.edge;
  for (const group of rows) {
    for (const [row, line] of group) {
      const x = PAGE.edge + PAGE.label;
      const height = line.offsetHeight;
      context.font = SMALL;
      context.fillStyle = "#475569";
      context.textAlign = "left";
      context.fillText(row.querySelector(".patch-label").textContent, PAGE.edge, y + height / 2, PAGE.label - 8);
      for (const canvas of line.querySelectorAll("canvas")) {
        const shown = canvas.width * Number(canvas.dataset.share ?? 1);
        if (shown >= 1) context.drawImage(canvas, 0, 0, shown, canvas.height, x, y, shown, canvas.height);
      }
      for (const tone of line.querySelectorAll("i[class^=s]")) {
        context.fillStyle = getComputedStyle(tone).backgroundColor;
        context.fillRect(x + tone.offsetLeft, y, tone.offsetWidth - 1, height);
        context.fillStyle = getComputedStyle(tone).color;
        context.font = "10.5px system-ui, sans-serif";
        context.textAlign = "center";
        context.fillText(tone.textContent, x + tone.offsetLeft + tone.offsetWidth / 2, y + height / 2);
      }
      y += height + PAGE.gap;
    }
    y += PAGE.between;
  }
  context.font = SMALL;
  context.fillStyle = "#475569";
  context.textAlign = "left";
  for (const line of below) {
    context.fillText(line, PAGE.edge, y + PAGE.line / 2, width - 2 * PAGE.edge);
    y += PAGE.line;
  }
  return sheet;
};

// A chart of Plotly as a canvas: its layers are SVG.
const chartPicture = async (chart) => {
  const layers = [...chart.querySelectorAll(".main-svg")];
  const { width, height } = layers[0].getBoundingClientRect();
  const sheet = document.createElement("canvas");
  Object.assign(sheet, { width: 2 * width, height: 2 * height });
  const context = sheet.getContext("2d");
  context.fillStyle = "white";
  context.fillRect(0, 0, sheet.width, sheet.height);
  for (const layer of layers) {
    const copy = layer.cloneNode(true);
    copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    const address = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
    context.drawImage(await decode(address), 0, 0, sheet.width, sheet.height);
  }
  return sheet;
};
