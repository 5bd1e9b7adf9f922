"use strict";
// Every head of a column becomes a button that sorts by it. Without this script the tables stand in their first order.
for (const table of document.querySelectorAll("table")) {
  const heads = [...table.tHead.rows[0].cells];
  const body = table.tBodies[0];
  heads.forEach((head, column) => {
    const isText = head.classList.contains("text");
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const key = (row) => {
        const text = row.cells[column].textContent;
        const number = parseFloat(text.replaceAll(",", "").replace("\u2212", "-"));
        const unit = ["KiB", "MiB", "GiB", "TiB"].indexOf(text.slice(-3));
        return isText ? text : number * 1024 ** Math.max(unit, 0);
      };
      // What has no number comes last, whichever way.
      const order = (a, b) => {
        const [x, y] = [key(a), key(b)];
        if (isText) return (down ? -1 : 1) * x.localeCompare(y, "en", { numeric: true });
        if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y);
        return down ? y - x : x - y;
      };
      body.append(...[...body.rows].sort(order));
    });
  });
}
