// How the views are written: templates of htm over Preact. Text that a template is given stays text.

import htm from "../vendor/htm.js";
import { Component, createRef, Fragment, h, render } from "../vendor/preact.js";

export const html = htm.bind(h);
export { Component, createRef, Fragment, render };
