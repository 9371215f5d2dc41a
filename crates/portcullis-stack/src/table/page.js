'use strict';
const words = document.getElementById('words');
const found = document.getElementById('found');
const rows = Array.from(document.querySelectorAll('tbody tr'), row => [row, row.textContent.toLowerCase()]);
const search = () => {
  const wanted = words.value.toLowerCase().split(/\s+/);
  let shown = 0;
  for (const [row, text] of rows) {
    row.hidden = !wanted.every(word => text.includes(word));
    shown += row.hidden ? 0 : 1;
  }
  found.textContent = words.value === '' ? '' : shown + ' of ' + rows.length;
};
document.getElementById('search').hidden = false;
words.addEventListener('input', search);
search();
