// The colors of strokes: told apart with most kinds of color vision, on light and on dark.
export const PALETTE = [
  "#1f77d0",
  "#e07b00",
  "#2a9d4a",
  "#d1495b",
  "#8e5bd6",
  "#8c6d4f",
  "#d65fa8",
  "#7a7a7a",
];
export const COLOR_NAMES = ["blue", "orange", "green", "red", "violet", "brown", "pink", "gray"];
