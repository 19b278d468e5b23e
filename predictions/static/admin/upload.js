// While an upload is recorded, its page is looked at again by itself.
const EVERY = 3000;

if (document.querySelector("[data-upload]")) {
  setTimeout(() => location.reload(), EVERY);
}
