// A pin on a map in the form that tells the city something. Without this file there are the address and the coordinates.

import { here, land } from "./land.js";

const part = document.getElementById("pin");
if (part) begin(part);

function begin(part) {
  const element = document.getElementById("pin-map");
  const words = JSON.parse(element.dataset.words);
  const said = document.getElementById("pin-said");
  const open = document.getElementById("pin-open");
  const box = document.getElementById("pin-box");
  const [lat, lon] = ["lat", "lon"].map((id) => document.getElementById(id));
  let shown = null;
  let marker = null;
  part.hidden = false;

  const put = ([x, y]) => {
    lat.value = y.toFixed(6);
    lon.value = x.toFixed(6);
    for (const field of [lat, lon]) {
      field.dispatchEvent(new Event("input", { bubbles: true }));
      field.dispatchEvent(new Event("change", { bubbles: true }));
    }
    said.textContent = words.set;
    if (shown) {
      marker ??= new shown.maplibre.Marker({ color: "#0b3f94" });
      marker.setLngLat([x, y]).addTo(shown.map);
    }
  };
  // What is in the fields, if it is a place.
  const now = () => {
    const place = [lon, lat].map((field) => Number.parseFloat(field.value.replace(",", ".")));
    return place.every(Number.isFinite) ? place : null;
  };

  const show = async () => {
    box.hidden = false;
    open.ariaExpanded = "true";
    if (shown) return shown;
    try {
      const place = now();
      shown = await land(element, words, place && { center: place, zoom: 17 });
      if (place) put(place);
      shown.map.on("click", ({ lngLat }) => put([lngLat.lng, lngLat.lat]));
      element.dataset.loaded = "true";
    } catch (error) {
      console.info(error);
      box.hidden = true;
      open.hidden = true;
      said.textContent = words.failed;
    }
    return shown;
  };

  open.addEventListener("click", async () => {
    if (!box.hidden) {
      box.hidden = true;
      open.ariaExpanded = "false";
      return;
    }
    const { map } = (await show()) ?? {};
    map?.getCanvas().focus();
  });
  document.getElementById("pin-put").addEventListener("click", () => {
    if (!shown) return;
    const middle = shown.map.getCenter();
    put([middle.lng, middle.lat]);
  });
  document.getElementById("pin-here").addEventListener("click", async () => {
    said.textContent = words.looking;
    const place = await here();
    if (!place) {
      said.textContent = words.nowhere;
      return;
    }
    put(place);
    if (shown) shown.map.easeTo({ center: place, zoom: 17 });
  });
}
