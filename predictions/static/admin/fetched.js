// Part of a page that stands on a page of its own: fetched and put in place of the link to it.

for (const place of document.querySelectorAll("[data-fetch]")) {
  try {
    const answer = await fetch(place.dataset.fetch, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const part = answer.ok && !answer.redirected && page.getElementById(place.id);
    if (part) {
      // Its links lead on within the page that it comes from.
      for (const link of part.querySelectorAll('a[href^="?"]')) link.href = place.dataset.fetch + link.getAttribute("href");
      place.replaceWith(part);
    }
  } catch {
    // The link stays.
  }
}
