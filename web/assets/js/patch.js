// A part of the city, drawn on a map: a circle around a point, or corner by corner. What is drawn stands in two fields of the
// form. Without this file there is the address, and so far around it.

import { land } from "./land.js";

const part = document.getElementById("patch");
if (part) begin(part);

// Metres per degree of latitude, on a round Earth.
const DEGREE = 111195;
const MOST = 50;
// So far an arrow key moves the map, in pixels; with Shift, further.
const STEP = 24;

// `corners` in metres around the first one.
function flat(corners) {
  const [lon, lat] = corners[0];
  const scale = DEGREE * Math.cos((lat * Math.PI) / 180);
  return corners.map(([x, y]) => [(x - lon) * scale, (y - lat) * DEGREE]);
}

function size(corners) {
  const points = flat(corners);
  return Math.abs(points.reduce((sum, [x, y], n) => {
    const [u, v] = points[(n + 1) % points.length];
    return sum + x * v - u * y;
  }, 0)) / 2;
}

// Whether sides cross, the last one back to the first included.
function crosses(corners) {
  const turn = ([ax, ay], [bx, by], [cx, cy]) => Math.sign((bx - ax) * (cy - ay) - (by - ay) * (cx - ax));
  const all = flat(corners);
  const side = (n) => [all[n], all[(n + 1) % all.length]];
  for (let n = 0; n < all.length; n += 1) {
    for (let m = n + 2; m < all.length - (n === 0 ? 1 : 0); m += 1) {
      const [[a, b], [c, d]] = [side(n), side(m)];
      if (turn(a, b, c) !== turn(a, b, d) && turn(c, d, a) !== turn(c, d, b)) return true;
    }
  }
  return false;
}

function around([lon, lat], metres) {
  const [high, wide] = [metres / DEGREE, metres / (DEGREE * Math.cos((lat * Math.PI) / 180))];
  const turn = (n) => (n / 64) * 2 * Math.PI;
  return Array.from({ length: 64 }, (_, n) => [lon + wide * Math.cos(turn(n)), lat + high * Math.sin(turn(n))]);
}

function begin(part) {
  const find = (id) => document.getElementById(id);
  const element = find("patch-map");
  const words = JSON.parse(element.dataset.words);
  const [said, open, box, far, how] = ["patch-said", "patch-open", "patch-box", "patch-far", "patch-how"].map(find);
  const [fieldOfPoints, fieldOfRadius] = ["drawn", "drawn_radius"].map(find);
  const language = document.documentElement.lang;
  let corners = [];
  let isClosed = false;
  let shown = null;
  let markers = [];

  const isCircle = () => part.querySelector("[name=drawn_how]:checked").value === "circle";
  const say = (key, given = {}) => {
    said.textContent = Object.entries(given).reduce((text, [name, value]) => text.replace(`{${name}}`, value), words[key]);
  };
  const number = (value, digits) => value.toLocaleString(language, { maximumFractionDigits: digits });
  const large = (metres) => {
    const [key, value] = metres < 1e6 ? ["hectares", number(Math.max(metres / 1e4, 1), 0)] : ["kilometres", number(metres / 1e6, 1)];
    return words[key].replace("{n}", value);
  };
  const outline = () => (isCircle() && corners.length ? around(corners[0], Number(far.value)) : corners);

  const tell = () => {
    const n = corners.length;
    if (n === 0) return say("none");
    if (isCircle()) return say("circle", { far: far.selectedOptions[0].textContent, size: large(Math.PI * far.value ** 2) });
    if (n < 3) return say("point", { n, more: 3 - n });
    if (crosses(corners)) return say("crossed");
    return say(isClosed ? "closed" : "open", { n, size: large(size(corners)) });
  };
  const keep = () => {
    fieldOfPoints.value = corners.map((corner) => corner.map((part) => part.toFixed(6)).join(",")).join(" ");
    fieldOfRadius.value = isCircle() && corners.length ? far.value : "";
  };

  const shape = () => {
    const ring = outline();
    const isSurface = ring.length > 2;
    const coordinates = isSurface ? [[...ring, ring[0]]] : ring;
    const geometry = { type: isSurface ? "Polygon" : "LineString", coordinates };
    return { type: "FeatureCollection", features: ring.length > 1 ? [{ type: "Feature", properties: {}, geometry }] : [] };
  };
  const draw = () => {
    find("patch-close").hidden = isCircle();
    find("patch-circle-only").hidden = !isCircle();
    how.textContent = isCircle() ? words["how-circle"] : words["how-polygon"];
    if (!shown?.isLoaded) return;
    const { map, maplibre } = shown;
    map.getSource("patch").setData(shape());
    map.setLayoutProperty("patch-end", "visibility", isClosed || isCircle() ? "visible" : "none");
    // As many signs as corners; those that stay are moved.
    markers.splice(corners.length).forEach((marker) => marker.remove());
    corners.forEach((corner, n) => {
      markers[n] ??= sign(map, maplibre, n);
      markers[n].setLngLat(corner).addTo(map);
    });
  };
  const sign = (map, maplibre, n) => {
    const mark = document.createElement("span");
    mark.className = "patch__corner";
    const marker = new maplibre.Marker({ element: mark, draggable: true });
    marker.on("drag", () => {
      const { lng, lat } = marker.getLngLat();
      corners[n] = [lng, lat];
      map.getSource("patch").setData(shape());
    });
    marker.on("dragend", changed);
    mark.addEventListener("click", (event) => {
      event.stopPropagation();
      if (n === 0 && !isCircle() && corners.length > 2) close();
    });
    return marker;
  };
  const changed = () => {
    keep();
    draw();
    tell();
  };

  const put = ({ lng, lat }) => {
    if (isCircle()) corners = [[lng, lat]];
    else if (isClosed) return tell();
    else if (corners.length >= MOST) return say("many");
    else corners.push([lng, lat]);
    changed();
  };
  const undo = () => {
    if (isClosed) isClosed = false;
    else corners.pop();
    changed();
  };
  const close = () => {
    if (corners.length > 2) isClosed = true;
    changed();
  };
  const again = () => {
    corners = [];
    isClosed = false;
    changed();
  };

  // What the page brought, if it is something.
  const before = fieldOfPoints.value.trim().split(/\s+/).map((pair) => pair.split(",").map(Number));
  if (before.every((corner) => corner.length === 2 && corner.every(Number.isFinite))) {
    corners = before;
    isClosed = before.length > 2;
    const kind = fieldOfRadius.value ? "circle" : "polygon";
    part.querySelector(`[name=drawn_how][value=${kind}]`).checked = true;
    if (fieldOfRadius.value) far.value = fieldOfRadius.value;
  }
  part.hidden = false;
  draw();
  if (corners.length) tell();

  const keys = (event) => {
    const { map } = shown;
    const step = event.shiftKey ? 4 * STEP : STEP;
    const by = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
    if (by) map.panBy(by, { duration: 0 });
    else if (event.key === "Enter") put(map.getCenter());
    else if (event.key === "Backspace" || event.key === "Delete") undo();
    else return;
    // MapLibre has keys of its own for some of these, and so has the browser.
    event.preventDefault();
    event.stopPropagation();
  };

  const show = async () => {
    box.hidden = false;
    open.ariaExpanded = "true";
    if (shown) return;
    try {
      const ring = outline();
      const edge = (pick, n) => pick(...ring.map((corner) => corner[n]));
      const bounds = ring.length ? [[edge(Math.min, 0), edge(Math.min, 1)], [edge(Math.max, 0), edge(Math.max, 1)]] : null;
      shown = await land(element, words, bounds && { bounds, fitBoundsOptions: { padding: 48, maxZoom: 17 } });
      const { map } = shown;
      const canvas = map.getCanvas();
      // Arrow keys are for the map, also where a screen reader has keys of its own.
      canvas.setAttribute("role", "application");
      canvas.setAttribute("aria-describedby", "patch-how");
      canvas.addEventListener("keydown", keys);
      map.doubleClickZoom.disable();
      map.on("click", ({ lngLat }) => put(lngLat));
      const own = getComputedStyle(document.documentElement).getPropertyValue("--vd-action").trim() || "#0b3f94";
      map.once("load", () => {
        map.addSource("patch", { type: "geojson", data: shape() });
        map.addLayer({ id: "patch-in", type: "fill", source: "patch", paint: { "fill-color": own, "fill-opacity": 0.2 } });
        map.addLayer({ id: "patch-line", type: "line", source: "patch", paint: { "line-color": own, "line-width": 2, "line-dasharray": [2, 2] } });
        map.addLayer({ id: "patch-end", type: "line", source: "patch", paint: { "line-color": own, "line-width": 3 } });
        shown.isLoaded = true;
        draw();
        element.dataset.loaded = "true";
      });
    } catch (error) {
      // No WebGL, or no network.
      console.info(error);
      box.hidden = true;
      open.hidden = true;
      say("failed");
    }
  };

  open.addEventListener("click", async () => {
    if (box.hidden) return show();
    box.hidden = true;
    open.ariaExpanded = "false";
  });
  find("patch-put").addEventListener("click", () => shown && put(shown.map.getCenter()));
  find("patch-undo").addEventListener("click", undo);
  find("patch-close").addEventListener("click", close);
  find("patch-again").addEventListener("click", again);
  far.addEventListener("change", changed);
  for (const choice of part.querySelectorAll("[name=drawn_how]")) choice.addEventListener("change", again);
  // What was refused is seen at once.
  if (part.dataset.open) show();
}
