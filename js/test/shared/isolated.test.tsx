// Texts from elsewhere that do not turn their neighbours around.

import { afterEach, describe, expect, it } from "vitest";
import { Code, Isolated } from "../../src/shared/isolated";
import { all, mount, one, texts, unmountAll } from "../support/page";

afterEach(unmountAll);

describe("a text within a line", () => {
  it("stands by itself, as text", () => {
    const el = mount(<Isolated>{"<b>שלום\u202e"}</Isolated>);
    expect(one(el, "bdi").textContent).toBe("<b>שלום\\u202e");
  });
});

describe("JSON on one line", () => {
  it("is as it is where nothing runs from right to left", () => {
    const el = mount(<Code text={'{"a":"é😀"}'} />);
    expect(el.innerHTML).toBe('<code>{"a":"é😀"}</code>');
  });

  it.each([
    ["Hebrew", "שלום"],
    ["Arabic", "سلام"],
    ["Arabic as presented", "ﷲ"],
    ["Adlam, beyond the first plane", "𞤀𞤣𞤤𞤢𞤥"],
  ])("runs from left to right around what is %s", (_, text) => {
    const el = mount(<Code text={`{"a":"${text}","b":[1,"x\\"${text}"]}`} />);
    expect(one(el, "code").getAttribute("dir")).toBe("ltr");
    expect(texts(el, "bdi")).toEqual(['"a"', `"${text}"`, '"b"', `"x\\"${text}"`]);
    expect(one(el, "code").textContent).toBe(`{"a":"${text}","b":[1,"x\\"${text}"]}`);
  });

  it("that was cut within a string is shown whole", () => {
    const text = '["שלום", "של… (3000 characters)';
    const el = mount(<Code text={text} />);
    expect(one(el, "code").textContent).toBe(text);
    expect(all(el, "bdi")).toHaveLength(1);
  });
});
