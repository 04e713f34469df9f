// Prints how browsers of 2021 read the join page: its style sheet, and what JavaScript and the DOM do not have there.
import { readFileSync } from "node:fs";
import { membersLackingIn, PHONES, stylesAsReadBy } from "../../js/browsers.mjs";

const page = readFileSync(0, "utf8");
const html = page.replace(
  /<style>(.*?)<\/style>/s,
  (_, css) => `<style>${stylesAsReadBy(css, PHONES)}</style>`,
);
const members = membersLackingIn(PHONES).map(({ owner, name, isStatic }) => [owner, name, Boolean(isStatic)]);
process.stdout.write(JSON.stringify({ html, members }));
