import { describe, expect, it } from "vitest";
import { homeOfPage, isHome, resolve } from "../src/client/address";

const home = homeOfPage(
  "https://lab.example/a%40b/nbsocket/chat/teacher/socket.io/socket.io.js",
  "#join_token=abc-_123",
);

describe("the home of a page", () => {
  it("is the channel that its client script came from", () => {
    expect(home).toEqual({
      origin: "https://lab.example",
      path: "/a%40b/nbsocket/chat/socket.io/",
      ticket: "abc-_123",
    });
  });

  it("has no ticket if the page was opened without one", () => {
    expect(homeOfPage("http://h/nbsocket/c/socket.io/socket.io.js", "").ticket).toBe("");
  });

  it("is meant by no address, a namespace, and its own origin, and by nothing else", () => {
    for (const uri of [undefined, "", "/", "/admin", "https://lab.example"]) {
      expect(isHome(uri, home)).toBe(true);
    }
    for (const uri of ["//other.example", "https://other.example", "http://lab.example"]) {
      expect(isHome(uri, home)).toBe(false);
    }
  });
});

describe("io()", () => {
  it("goes home with the ticket, and keeps what the user set", () => {
    const { uri, options } = resolve("/admin", { query: { name: "zoe" }, timeout: 7 }, home);
    expect(uri).toBe("https://lab.example/admin");
    expect(options).toEqual({
      path: "/a%40b/nbsocket/chat/socket.io/",
      query: { name: "zoe", join_token: "abc-_123" },
      timeout: 7,
    });
  });

  it("leaves cookies out at home: no answer there is for a page that sends them", () => {
    const headers = { "x-class": "7b" };
    const { options } = resolve("/", { withCredentials: true, extraHeaders: headers }, home);
    expect(options).not.toHaveProperty("withCredentials");
    expect(options.extraHeaders).toEqual(headers);
    const other = resolve("https://other.example/", { withCredentials: true }, home);
    expect(other.options.withCredentials).toBe(true);
  });

  it("never hands the ticket to another server", () => {
    const other = resolve("https://other.example/", {}, home);
    expect(other).toEqual({ uri: "https://other.example/", options: {} });
  });
});
