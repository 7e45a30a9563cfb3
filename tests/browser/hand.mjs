// What somebody does on a page: with a pointer, or with nothing but a keyboard. Both read the page by its fields and
// buttons, so one journey is walked by everybody.

import { pick, sent } from "./pages.mjs";

// The most stops of the Tab key on one page.
const STOPS = 300;

export class Hand {
  constructor(tab, { keyboard = false } = {}) {
    Object.assign(this, { tab, keyboard });
  }

  async to(path) {
    const response = await this.tab.goto(path);
    if (!response.ok()) throw new Error(`${path}: ${response.status()}`);
  }

  // Goes on by the Tab key until the focus is on what is meant, and that can be seen.
  async reach(selector) {
    const at = (wanted) => {
      const focused = document.activeElement;
      if (!focused?.matches(wanted)) return null;
      const style = getComputedStyle(focused);
      const marked = (one) => one.outlineStyle !== "none" || one.boxShadow !== "none";
      const label = focused.labels?.[0];
      return { seen: marked(style) || (label ? marked(getComputedStyle(label)) : false) };
    };
    for (let stop = 0; stop < STOPS; stop += 1) {
      const found = await this.tab.evaluate(at, selector);
      if (found) {
        if (!found.seen) throw new Error(`nobody sees that the focus is on ${selector}`);
        return;
      }
      await this.tab.keyboard.press("Tab");
    }
    throw new Error(`the Tab key does not come to ${selector}`);
  }

  async write(selector, text) {
    if (!this.keyboard) return this.tab.fill(selector, text);
    await this.reach(selector);
    // A day is typed in parts, whose order is that of the country.
    if ((await this.tab.getAttribute(selector, "type")) === "date") return this.tab.fill(selector, text);
    await this.tab.keyboard.press("Control+A");
    return this.tab.keyboard.insertText(text);
  }

  // One of several: radio buttons or boxes of this name.
  async pick(name, value) {
    if (!this.keyboard) return pick(this.tab, name, value);
    const one = `input[name="${name}"][value="${value}"]`;
    const isBox = (await this.tab.locator(one).getAttribute("type")) === "checkbox";
    await this.reach(isBox ? one : `input[name="${name}"]`);
    if (isBox) return this.tab.keyboard.press("Space");
    // The arrows go round a group of radio buttons; one that none is chosen of takes a blank first.
    if (!(await this.tab.locator(`input[name="${name}"]:checked`).count())) await this.tab.keyboard.press("Space");
    for (let turn = 0; turn < 20; turn += 1) {
      if (await this.tab.locator(`${one}:checked`).count()) return undefined;
      await this.tab.keyboard.press("ArrowDown");
    }
    throw new Error(`the arrow keys do not come to ${one}`);
  }

  async choose(selector, value) {
    if (this.keyboard) await this.reach(selector);
    return this.tab.selectOption(selector, value);
  }

  // A button or a link that leads to another page.
  async press(selector) {
    if (!this.keyboard) return sent(this.tab, selector);
    await this.reach(selector);
    return sent(this.tab, null);
  }

  // What opens and closes, or does something, without another page.
  async unfold(selector) {
    if (!this.keyboard) return this.tab.click(selector);
    await this.reach(selector);
    return this.tab.keyboard.press("Enter");
  }

  async sees(selector) {
    await this.tab.locator(selector).first().waitFor();
  }

  async has(selector) {
    return (await this.tab.locator(selector).count()) > 0;
  }

  get path() {
    const { pathname } = new URL(this.tab.url());
    return pathname;
  }
}
