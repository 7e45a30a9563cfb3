// Every page, and what of the world is shown there. The addresses are held against those that the program lists, so
// that a new page is either here or has its reason why it is not.

// A page has a name, for the pictures, and a path in Dutch. `as: "staff"`: for somebody who is logged in.
// `open`: what to press until it is there. `status`: what the server answers, where that is not 200.
const one = (name, path, more = {}) => ({ name, path, status: 200, ...more });

// What is sent to its address has no page of its own there; what comes back is listed with the page that sends.
const SENT = "it takes a form, and leads on";
const FILE = "a file, not a page";
const PROGRAMS = "for programs";

export const PAGES = {
  "/": "leads on to the language of the browser",
  "/{lang}": () => [one("home", "/nl")],
  "/{lang}/report": (world) => [
    one("choose", "/nl/report"),
    one("choose-found", "/nl/report?q=put in de weg"),
    one("choose-group", "/nl/report?group=wegen"),
    one("choose-nothing", "/nl/report?q=xqzxqz"),
    one("choose-emergency", "/nl/report?q=brand en gas"),
    one("form", "/nl/report?category=wegen/put"),
    one("form-complaint", "/nl/report?category=dienst/klacht"),
    one("form-urgent", "/nl/report?category=groen/boom"),
    one("form-check", "/nl/report?category=wegen/put", {
      open: async (page) => {
        await page.fill("#words", "Er is een put in de weg, voor de schoolpoort.");
        await pick(page, "tell", "nothing");
        await sent(page, "button[value=check]");
      },
    }),
    one("form-wrong", "/nl/report?category=wegen/put", {
      status: 422,
      open: async (page) => {
        await pick(page, "tell", "email");
        await page.fill("#email", "geen adres");
        await sent(page);
      },
    }),
    one("form-spots", "/nl/report?category=wegen/put", {
      open: async (page) => {
        await page.fill("#address", "Doorniksewijk");
        await sent(page, "button[value=find-place]");
      },
    }),
    one("form-neighbour", "/nl/report?category=wegen/put", {
      open: async (page) => {
        await page.fill("#address", "Grote Markt 1, 8930 Menen");
        await sent(page, "button[value=find-place]");
      },
    }),
    one("form-near", "/nl/report?category=wegen/put", {
      open: async (page) => {
        await page.fill("#words", "Er is een put in de weg, voor de schoolpoort.");
        await page.fill("#address", "Doorniksewijk 11");
        await pick(page, "tell", "nothing");
        await sent(page);
      },
      expect: (page) => page.locator("#near-yes"),
    }),
  ],
  "/{lang}/t/{token}/receipt": (world) => [one("receipt", `/nl/t/${world.open.token}/receipt`)],
  "/t/{token}": "leads on to the page of the case",
  "/{lang}/t/{token}": (world) => [
    ...["open", "planned", "solved", "contested", "asked", "rejected", "question", "complaint", "twin", "held"].map(
      (name) => one(`track-${name}`, `/nl/t/${world[name].token}`),
    ),
    one("track-again", `/nl/t/${world.contested.token}?again=1`),
    one("track-replied", `/nl/t/${world.asked.token}?replied=1`),
    one("track-missing", "/nl/t/dezelinkbestaatniet", { status: 404 }),
  ],
  "/{lang}/t/{token}/why": (world) => [one("why", `/nl/t/${world.planned.token}/why`)],
  "/{lang}/t/{token}/contest": SENT,
  "/{lang}/t/{token}/reply": SENT,
  "/{lang}/t/{token}/helped": SENT,
  "/{lang}/t/{token}/add": SENT,
  "/{lang}/t/{token}/rate": SENT,
  "/{lang}/t/{token}/calendar.ics": FILE,
  "/{lang}/report/mark": PROGRAMS,
  "/{lang}/manifest.webmanifest": FILE,
  "/{lang}/outbox": () => [one("outbox", "/nl/outbox")],
  "/{lang}/offline": () => [one("offline", "/nl/offline")],
  "/{lang}/reading": () => [one("reading", "/nl/reading")],
  "/{lang}/track": () => [one("find", "/nl/track"), one("find-wrong", "/nl/track", { status: 422, open: (page) => sent(page) })],
  "/{lang}/begin": () => [
    one("begin-photo", "/nl/begin?first=photo"),
    one("begin-words", "/nl/begin?first=words"),
    one("begin-words-wrong", "/nl/begin?first=words", { status: 422, open: (page) => sent(page) }),
    one("begin-place", "/nl/begin?first=place"),
    one("begin-about", "/nl/begin?first=words", {
      open: async (page) => {
        await page.fill("#words", "Er is een put in de weg, voor de schoolpoort.");
        await sent(page);
      },
    }),
  ],
  "/{lang}/t/{token}/photos/{photo}": FILE,
  "/{lang}/u/{token}": (world) => [one("wishes", world.notice)],
  "/{lang}/u/{token}/why": (world) => [one("why-notice", `${world.notice}/why`)],
  "/{lang}/u/{token}/choices": (world) => [one("pace", `${world.notice}/choices`)],
  "/{lang}/u/{token}/mine": SENT,
  "/{lang}/map": () => [
    one("map", "/nl/map?status=all"),
    one("map-nothing", "/nl/map?until=2001-01-01"),
    one("map-wrong", "/nl/map?since=gisteren", { status: 422 }),
  ],
  "/{lang}/follow": () => [
    one("follow", "/nl/follow"),
    one("follow-wrong", "/nl/follow", { status: 422, open: (page) => sent(page) }),
    one("follow-place", "/nl/follow", {
      open: async (page) => {
        await page.fill("#place_words", "Budastraat 12");
        await sent(page, "button[value=find_place]");
      },
      expect: (page) => page.locator("[name=place_radius]").first(),
    }),
    one("follow-drawn", "/nl/follow", { open: drawn }),
    one("follow-drawn-wrong", "/nl/follow", {
      status: 422,
      open: async (page) => {
        await page.evaluate(() => { document.getElementById("drawn").value = "3.262,50.826 3.268,50.832 3.268,50.826 3.262,50.832"; });
        await sent(page);
      },
    }),
  ],
  "/{lang}/case/{reference}": (world) => [
    one("case", `/nl/case/${world.open.digits}`),
    one("case-solved", `/nl/case/${world.solved.digits}`),
    one("case-missing", "/nl/case/00000000", { status: 404 }),
  ],
  "/{lang}/case/{reference}/photos/{photo}": FILE,
  "/{lang}/choices": () => [one("choices", "/nl/choices")],
  "/{lang}/prove/{token}": (world) => [
    one("prove", world.prove),
    // Only so many codes may be tried.
    one("prove-wrong", world.prove, {
      status: 422,
      only: "nl",
      once: true,
      open: async (page) => {
        await page.fill("#code", "000000");
        await sent(page, "form:has(#code) button");
      },
    }),
  ],
  "/{lang}/proven/{token}": (world) => [
    one("proven", world.proof),
    one("proven-done", world.proven),
    one("proven-over", "/nl/proven/eenlinkdieernietis", { status: 404 }),
  ],
  "/{lang}/p/{token}": (world) => [
    one("person", world.person),
    one("person-forget", world.person, {
      open: (page) => sent(page, "#forget ~ form button"),
    }),
    one("person-name", world.person, { open: (page) => page.locator(".row__more summary").first().click() }),
    one("person-drop", world.person, { open: (page) => sent(page, "#places ~ .rows .row__acts button") }),
    one("person-last", world.person, { open: (page) => sent(page, "#addresses ~ .rows input[value=drop] ~ button") }),
  ],
  "/{lang}/p/{token}/choices": (world) => [one("person-pace", `${world.person}/choices`)],
  "/{lang}/forgotten": () => [one("forgotten", "/nl/forgotten")],
  "/{lang}/work/{token}": (world) => [
    one("work", world.work[0]),
    one("work-plan", `${world.work[0]}?say=plan`),
    one("work-done", `${world.work[0]}?say=done`),
    one("work-wrong", `${world.work[0]}?say=plan`, { status: 422, open: (page) => sent(page, "#answer button[type=submit]") }),
  ],
  "/{lang}/work/{token}/photos/{photo}": FILE,
  "/{lang}/answers": () => [one("answers", "/nl/answers")],
  "/{lang}/figures": () => [
    one("figures", "/nl/figures"),
    one("figures-empty", "/nl/figures?from=2020-01&until=2020-02"),
    one("figures-wrong", "/nl/figures?from=x", { status: 400 }),
  ],
  "/{lang}/open-data": () => [one("open-data", "/nl/open-data")],
  "/{lang}/embed": () => [one("embed", "/nl/embed?category=wegen")],
  "/{lang}/answers/{slug}": () => [one("article", "/nl/answers/grofvuil")],
  "/{lang}/message/{reference}": (world) => [one("message", `/nl/message/${world.message}`)],
  "/{lang}/privacy": () => [one("privacy", "/nl/privacy"), one("missing", "/nl/dit/is/er/niet", { status: 404 })],
  "/api": () => [one("api", "/api", { only: "en" })],
  "/sandbox/letterbox": () => [one("letterbox", "/sandbox/letterbox", { only: "nl" })],
  "/sandbox/letterbox/{id}": (world) => [one("letter", world.letter, { only: "nl" })],
  "/sandbox/maintenance": () => [one("maintenance", "/sandbox/maintenance", { only: "nl" })],
  "/sandbox/letterbox/{id}/html": "a mail, shown in the page of the letter",

  "/staff": "leads on to the language of the browser",
  "/{lang}/staff/login": () => [
    one("staff-login", "/nl/staff/login"),
    one("staff-login-wrong", "/nl/staff/login", { status: 422, open: (page) => sent(page) }),
  ],
  "/{lang}/staff/choose/{token}": (world) => [
    one("staff-choose", world.invitation),
    one("staff-choose-over", "/nl/staff/choose/eenlinkdieernietis", { status: 404 }),
  ],
  "/{lang}/staff": () => [one("staff", "/nl/staff", { as: "staff" })],
  "/{lang}/staff/desk": () => [
    one("desk", "/nl/staff/desk", { as: "staff" }),
    one("desk-looked", "/nl/staff/desk", {
      as: "staff",
      open: async (page) => {
        await page.fill("#number", "0470 12 34 56");
        await page.fill("#words", "Er is een put in de weg, voor de schoolpoort.");
        await page.fill("#address", "Doorniksewijk 11");
        await sent(page, "button[value=look]");
      },
    }),
    one("desk-wrong", "/nl/staff/desk", { as: "staff", status: 422, open: (page) => sent(page) }),
  ],
  "/{lang}/staff/desk/look": SENT,
  "/{lang}/staff/calls": () => [one("calls", "/nl/staff/calls", { as: "staff" })],
  "/{lang}/staff/cases/{reference}": (world) => [
    one("staff-case", `/nl/staff/cases/${world.open.digits}`, { as: "staff" }),
    one("staff-case-filed", `/nl/staff/cases/${world.complaint.digits}?filed=1`, { as: "staff" }),
  ],
  "/{lang}/staff/cases/{reference}/photos/{photo}": FILE,
  "/{lang}/staff/cases/{reference}/scan": FILE,
  "/{lang}/staff/held": () => [one("held", "/nl/staff/held", { as: "staff" })],
  "/{lang}/staff/held/{reference}": (world) => [one("held-one", `/nl/staff/held/${world.held.digits}`, { as: "staff" })],
  "/{lang}/staff/review": () => [one("review", "/nl/staff/review", { as: "staff" })],
  "/{lang}/staff/review/{reference}": (world) => [one("review-one", `/nl/staff/review/${world.open.digits}`, { as: "staff" })],
  "/{lang}/staff/accounts": () => [one("accounts", "/nl/staff/accounts", { as: "staff" })],
  "/{lang}/staff/password": () => [one("password", "/nl/staff/password", { as: "staff" })],
  "/{lang}/staff/logout": SENT,

  // Addresses of the API that a browser opens.
  "/u/{token}": "for mail programs; a person is led on to the page",
  "/open311/{*path}": PROGRAMS,
  "/open/cases.csv": FILE,
  "/open/{lang}/cases.atom": FILE,
  "/open/figures.json": FILE,
  "/open/figures.csv": FILE,
  "/hooks/sms/{gateway}": PROGRAMS,
  "/hooks/sms/{gateway}/{secret}": PROGRAMS,
};

// Pages at the address of the operator.
const INSIDE = (world) => [
  one("preview", "/preview/nl", { base: world.inside }),
  ...["email", "sms", "push", "letter"].map((way) => one(`preview-${way}`, `/preview/nl/solved/${way}/nl`, { base: world.inside })),
];

// Chooses by the words, as people do: the button itself lies below them.
export async function pick(page, name, value) {
  const id = await page.locator(`input[name="${name}"][value="${value}"]`).getAttribute("id");
  await page.locator(`label[for="${id}"]`).click();
}

// Opens the map and draws a circle on it; where there is no script, there is nothing to open.
async function drawn(page) {
  if (!(await page.locator("#patch").isVisible())) return;
  await page.locator("#patch-open").click();
  await page.locator("#patch-map[data-loaded]").waitFor();
  await page.locator("#patch-put").click();
}

// Presses the button (without one: what has the focus, by Enter) and waits for the page that comes back.
export async function sent(page, button = "main form button[type=submit]:not([aria-hidden])") {
  // What a browser would stop is the server's to answer, too.
  await page.evaluate(() => { for (const form of document.forms) form.noValidate = true; });
  const isPage = (response) => response.request().isNavigationRequest() && response.request().frame() === page.mainFrame() && response.status() !== 303;
  const press = button ? page.locator(button).last().click() : page.keyboard.press("Enter");
  const [response] = await Promise.all([page.waitForResponse(isPage), press]);
  await response.finished();
  await page.waitForLoadState();
  page.answered = response.status();
}

// The pages, and what the list and the program do not agree on.
export function every(world, listed) {
  const faults = [];
  for (const { path } of listed) {
    if (!(path in PAGES) && !path.startsWith("/api/")) faults.push(`${path} is not listed in tests/browser/pages.mjs`);
  }
  const paths = new Set(listed.map(({ path }) => path));
  for (const path of Object.keys(PAGES)) {
    if (!paths.has(path)) faults.push(`tests/browser/pages.mjs lists ${path}, which is not there`);
  }
  const pages = [...Object.values(PAGES).filter((make) => typeof make === "function"), INSIDE].flatMap((make) => make(world));
  return { pages, faults };
}

// The same page in another language.
export function speaks(page, language) {
  return page.path.replace(/^(\/preview)?\/nl(?=\/|\?|$)/, `$1/${language}`);
}

// Opens it in `tab`, and says what is wrong with that.
export async function open(tab, page, language, world) {
  tab.expected = page.status >= 400;
  const response = await tab.goto(`${page.base ?? world.base}${speaks(page, language)}`, { waitUntil: "load" });
  tab.answered = response.status();
  const html = page.open ? null : await response.text();
  if (page.open) await page.open(tab, world);
  if (page.expect) await page.expect(tab).waitFor();
  // Whatever lies below the pointer looks otherwise.
  await tab.mouse.move(0, 0);
  const faults = tab.answered === page.status ? [] : [`answers ${tab.answered} instead of ${page.status}`];
  return { html, faults };
}
