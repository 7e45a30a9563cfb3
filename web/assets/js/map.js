// The public map. The page says everything without this file: a drawing, filters and the list.

import { corners, here, isDark, land } from "./land.js";

const element = document.getElementById("map");
if (element) begin(element);

async function begin(element) {
  const words = JSON.parse(element.dataset.words);
  const names = JSON.parse(element.dataset.names);
  const form = document.getElementById("filters");
  const picture = document.getElementById("picture");
  const said = document.getElementById("map-said");
  const bar = said.parentElement;
  let box = new URLSearchParams(location.search).get("box");
  let asking = null;

  // The filters as they stand in the form; what is as at first is left out.
  const query = (withBox) => {
    const chosen = new URLSearchParams();
    for (const [name, value] of new FormData(form)) {
      if (value !== "" && !(name === "status" && value === "open")) chosen.append(name, value);
    }
    if (withBox && box) chosen.set("box", box);
    return chosen.toString();
  };
  const tiles = () => {
    const chosen = query(false);
    return `${location.origin}/map/cases/{z}/{x}/{y}${chosen ? `?${chosen}` : ""}`;
  };

  // The list of what is seen: the page itself, asked for again.
  const list = async () => {
    if (asking) asking.abort();
    asking = new AbortController();
    const chosen = query(true);
    const address = `${location.pathname}${chosen ? `?${chosen}` : ""}`;
    history.replaceState(null, "", address);
    for (const link of document.querySelectorAll(".languages a")) {
      link.search = chosen;
    }
    try {
      const answer = await fetch(address, { signal: asking.signal });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("list");
      if (!fresh) return;
      document.getElementById("list").replaceChildren(...fresh.childNodes);
      said.textContent = document.getElementById("count").textContent;
    } catch (error) {
      if (error.name !== "AbortError") console.info(error);
    }
  };

  element.hidden = bar.hidden = false;
  const title = document.getElementById("map-there").textContent;
  let map, maplibre;
  try {
    const view = corners(box);
    ({ map, maplibre } = await land(element, { ...words, title }, view && { bounds: view }));
  } catch (error) {
    // No WebGL, or no network: the drawing stays.
    console.info(error);
    element.hidden = true;
    document.getElementById("here").hidden = true;
    said.textContent = words.failed;
    return;
  }
  picture?.classList.add("map__picture--behind");

  map.setMissingStyleImageResolver((id) => {
    const image = /^[ns]-/.test(id) && draw(id);
    if (image && !map.hasImage(id)) map.addImage(id, image, { pixelRatio: 2 });
  });
  map.on("load", () => {
    map.addSource("cases", { type: "vector", tiles: [tiles()], maxzoom: 17 });
    const layer = { type: "symbol", source: "cases", "source-layer": "cases" };
    const icon = (start, name) => ({
      "icon-image": ["concat", start, ["to-string", ["get", name]]],
      "icon-allow-overlap": true,
      "icon-ignore-placement": true,
    });
    map.addLayer({ ...layer, id: "one", filter: ["==", ["get", "n"], 1], layout: icon("s-", "stage") });
    map.addLayer({ ...layer, id: "many", filter: [">", ["get", "n"], 1], layout: icon("n-", "n") });
    element.dataset.loaded = "true";
  });

  const pointer = (kind) => () => (map.getCanvas().style.cursor = kind);
  for (const layer of ["one", "many"]) {
    map.on("mouseenter", layer, pointer("pointer"));
    map.on("mouseleave", layer, pointer(""));
  }
  const line = (text, tag = "p") => Object.assign(document.createElement(tag), { textContent: text });
  map.on("click", "one", ({ features: [feature] }) => {
    const { ref, category, stage, day } = feature.properties;
    const link = line(words.case, "a");
    link.href = `${location.pathname.replace(/\/map$/, "")}/case/${ref}`;
    link.className = "utrecht-link utrecht-link--html-a";
    const inside = document.createElement("div");
    inside.className = "map__popup";
    const when = new Date(`${day}T12:00`).toLocaleDateString(document.documentElement.lang, { dateStyle: "long" });
    inside.append(line(names[category] ?? "", "strong"), line(`${words[`stage-${stage}`]} · ${when}`), link);
    new maplibre.Popup({ maxWidth: "18rem" }).setLngLat(feature.geometry.coordinates).setDOMContent(inside).addTo(map);
    link.focus();
  });
  map.on("click", "many", ({ features: [feature] }) => {
    const [lon, lat] = feature.geometry.coordinates;
    if (map.getZoom() < 17.5) {
      map.easeTo({ center: [lon, lat], zoom: Math.min(map.getZoom() + 2, 18) });
      return;
    }
    // All of one block: nothing parts them but the list.
    box = [lon - 0.0002, lat - 0.0002, lon + 0.0002, lat + 0.0002].map((part) => part.toFixed(6)).join();
    new maplibre.Popup().setLngLat([lon, lat]).setText(`${feature.properties.n} ${words.more}`).addTo(map);
    list().then(() => document.getElementById("list").focus());
  });

  // The list follows where somebody goes; a window of another size is no movement.
  const stand = () => `${map.getCenter()} ${map.getZoom()}`;
  let stood = null;
  map.on("load", () => (stood = stand()));
  map.on("moveend", () => {
    if (stood === null || stood === stand()) return;
    stood = stand();
    const seen = map.getBounds();
    box = [seen.getWest(), seen.getSouth(), seen.getEast(), seen.getNorth()].map((part) => part.toFixed(5)).join();
    list();
  });
  const changed = () => {
    map.getSource("cases")?.setTiles([tiles()]);
    list();
  };
  form.addEventListener("change", changed);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    changed();
  });
  document.getElementById("here").addEventListener("click", async () => {
    said.textContent = "";
    const place = await here();
    if (!place) {
      said.textContent = words.nowhere;
      return;
    }
    map.easeTo({ center: place, zoom: Math.max(map.getZoom(), 15) });
  });
}

// The sign of one case (by its stage, told apart by shape and not by colour alone) or of many (with their number).
function draw(id) {
  const [, sort, what] = /^([ns])-(.+)$/.exec(id);
  const many = sort === "n" ? Number(what) : 0;
  // As far as the tiles have room for (web/src/map/dots.rs).
  const radius = many ? Math.min(17 + 3 * Math.log10(many), 29) : 13;
  const size = Math.ceil(radius + 3) * 4;
  const canvas = Object.assign(document.createElement("canvas"), { width: size, height: size });
  const pen = canvas.getContext("2d");
  const dark = isDark();
  const colours = { open: "#b3261e", planned: "#0b3f94", solved: "#1b6b34", ended: "#54607a" };
  pen.scale(2, 2);
  pen.translate(size / 4, size / 4);
  pen.beginPath();
  pen.arc(0, 0, radius, 0, 2 * Math.PI);
  // The city's own colour, as its theme has it.
  const own = getComputedStyle(document.documentElement);
  const ink = (name, otherwise) => own.getPropertyValue(name).trim() || otherwise;
  pen.fillStyle = many ? ink("--vd-action", "#0b3f94") : colours[what] ?? colours.ended;
  pen.fill();
  pen.lineWidth = 2.5;
  pen.strokeStyle = dark ? "#0c1424" : "#ffffff";
  pen.stroke();
  pen.strokeStyle = pen.fillStyle = many ? ink("--vd-on-action", "#ffffff") : "#ffffff";
  if (many) {
    const text = many < 10000 ? String(many) : `${Math.round(many / 1000)}k`;
    pen.font = `700 ${text.length > 3 ? 12 : 14}px system-ui, sans-serif`;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.fillText(text, 0, 1);
  } else {
    const paths = { open: "M0-6V2M0 5V6", planned: "M-5-3H5M-5 0H5M-5 3H1", solved: "M-5 0L-1.5 4L5-4", ended: "M-5 0H5" };
    pen.lineCap = pen.lineJoin = "round";
    pen.stroke(new Path2D(paths[what] ?? paths.ended));
  }
  return pen.getImageData(0, 0, size, size);
}
