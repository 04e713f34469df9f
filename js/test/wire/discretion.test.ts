// @vitest-environment node
// What is secret by its name, whatever its value; ../discretion.test.ts has more.

import { describe, expect, it } from "vitest";
import { withoutSecrets } from "../../src/wire/discretion";

describe("a text without its secrets", () => {
  it.each([
    ['{"password" :"hunter2"}', '{"password" :"hunter2"}'],
    ['{"note":"my password: hunter2"}', '{"note":"my password: hunter2"}'],
    ['["password","x"]', '["password","x"]'],
  ])("keeps what no program wrote so, or what only speaks of secrets: %s", (text, kept) => {
    expect(withoutSecrets(text)).toBe(kept);
  });

  it("has none of several, in any depth", () => {
    expect(withoutSecrets('[{"a":{"token": "x"}},{"Secret":"y","pid":""}]')).toBe(
      '[{"a":{"token":"…"}},{"Secret":"…","pid":"…"}]',
    );
  });

  it.each(['{"password":271828}', '{"token":["271828"]}', '{"key":{"k":"271828"}}'])(
    "has no secret that is something else than a text: %s",
    (text) => {
      expect(withoutSecrets(text)).not.toContain("271828");
    },
  );
});
