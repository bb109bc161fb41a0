"use strict";
// Draws every chart, in the colours of the page, and again when these change.
(function () {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");

  function colours() {
    const style = getComputedStyle(document.documentElement);
    const ink = style.getPropertyValue("--ink").trim();
    const line = style.getPropertyValue("--line").trim();
    return {
      background: "transparent",
      font: "system-ui, sans-serif",
      view: { stroke: line },
      axis: {
        labelColor: ink, titleColor: ink, gridColor: line, domainColor: line,
        tickColor: line, labelFontSize: 12, titleFontSize: 12,
      },
      axisX: { labelOverlap: "greedy", labelSeparation: 8 },
      legend: {
        labelColor: ink, titleColor: ink, labelFontSize: 12, titleLimit: 320,
        symbolBaseFillColor: ink, symbolBaseStrokeColor: ink, gradientStrokeColor: line,
        symbolOpacity: 1,
      },
      text: { color: ink },
      range: {
        category: dark.matches
          ? ["#7db8f5", "#f5a05a", "#7fd18b", "#e58fd0", "#d9d36b", "#9ad8d8", "#c9a7f0", "#f08a8a"]
          : ["#1f5fa8", "#b45309", "#2e7d32", "#a3197f", "#7a6a00", "#0b7285", "#6741a8", "#b71c1c"],
      },
    };
  }

  async function draw(script) {
    const id = script.dataset.chart;
    const place = document.getElementById(id);
    const title = document.getElementById(id + "-title").textContent;
    const spec = JSON.parse(script.textContent);
    spec.description = title;
    spec.autosize = { type: "fit-x", contains: "padding" };
    await vegaEmbed(place, spec, {
      actions: false,
      renderer: "svg",
      config: colours(),
      tooltip: { theme: dark.matches ? "dark" : "light" },
    });
    place.dataset.drawn = "yes";
  }

  async function drawAll() {
    for (const script of document.querySelectorAll("script[data-chart]")) {
      await draw(script);
    }
    document.documentElement.dataset.drawn = "yes";
  }

  dark.addEventListener("change", drawAll);
  drawAll();
})();
