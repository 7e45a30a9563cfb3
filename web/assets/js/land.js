// What every map of ours begins with: MapLibre, loaded only now; the base map that the city chose; our words and colours.

const sheet = (href) =>
  new Promise((done) => {
    if (document.querySelector(`link[href="${href}"]`)) return done();
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = href;
    link.onload = link.onerror = () => done();
    document.head.append(link);
  });

export const isDark = () => matchMedia("(prefers-color-scheme: dark)").matches;

// Four numbers, west to north, as MapLibre takes them.
export const corners = (text) => {
  const all = (text || "").split(",").map(Number);
  return all.length === 4 && all.every(Number.isFinite) ? [[all[0], all[1]], [all[2], all[3]]] : null;
};

async function styleOf(address, maplibre) {
  if (!address.startsWith("/")) return address;
  const answer = await fetch(isDark() ? `${address}?dark` : address);
  if (!answer.ok) throw new Error(`the style of the map: ${answer.status}`);
  const text = await answer.text();
  if (text.includes("pmtiles://")) {
    const { Protocol } = await import("pmtiles");
    maplibre.addProtocol("pmtiles", new Protocol().tile);
  }
  const style = JSON.parse(text);
  for (const source of Object.values(style.sources)) {
    if (typeof source.data === "string") source.data = new URL(source.data, location.href).href;
  }
  return style;
}

// A map in `element`, which says in its data attributes what is to be shown. Fails where there is no WebGL.
export async function land(element, words, view) {
  const { base, sheet: styles, bounds, attribution } = element.dataset;
  const [maplibre] = await Promise.all([import("maplibre-gl"), sheet(styles)]);
  maplibre.setWorkerUrl(new URL(styles.replace(/map\.css$/, "map-worker.js"), location.href).href);
  const box = corners(bounds);
  const map = new maplibre.Map({
    container: element,
    style: await styleOf(base, maplibre),
    ...(view ?? (box ? { bounds: box, fitBoundsOptions: { padding: 16 } } : { center: [4.4, 50.8], zoom: 6 })),
    maxZoom: 19,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    attributionControl: false,
    locale: {
      "Map.Title": words.title,
      "NavigationControl.ZoomIn": words.in,
      "NavigationControl.ZoomOut": words.out,
    },
  });
  map.touchZoomRotate.disableRotation();
  map.addControl(new maplibre.NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new maplibre.AttributionControl({ compact: false, customAttribution: escaped(attribution) }));
  return { map, maplibre };
}

const escaped = (text) => {
  const place = document.createElement("span");
  place.textContent = text ?? "";
  return place.innerHTML;
};

// Where the person is, if they and their device say so.
export const here = () =>
  new Promise((done) => {
    if (!navigator.geolocation) return done(null);
    const found = ({ coords }) => done([coords.longitude, coords.latitude]);
    navigator.geolocation.getCurrentPosition(found, () => done(null), { enableHighAccuracy: true, timeout: 15000 });
  });
