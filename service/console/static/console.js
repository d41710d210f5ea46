// What the console does in the browser beyond htmx. Every page works without it, but for copying and live updates.
(function () {
  "use strict";
  var root = document.documentElement, body = document.body;
  root.classList.add("js");

  // The zone of the browser, once: pages are written in it from the next request on.
  var path = (document.querySelector("a.brand") || { pathname: "/console/" }).pathname;
  function cookie(name) {
    return document.cookie.split("; ").some(function (each) { return each.indexOf(name + "=") === 0; });
  }
  if (!cookie("scim_ledger_zone") && window.Intl) {
    var zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (zone) {
      document.cookie = "scim_ledger_zone=" + zone + "; Path=" + path + "; Max-Age=31536000; SameSite=Lax" +
        (location.protocol === "https:" ? "; Secure" : "");
    }
  }

  // Copy buttons: data-copy names the field.
  document.addEventListener("click", function (event) {
    var button = event.target.closest && event.target.closest("[data-copy]");
    if (!button) { return; }
    var field = document.getElementById(button.getAttribute("data-copy"));
    var status = button.parentNode.querySelector("[role=status]");
    function say(text) { if (status) { status.textContent = text; } }
    function copied() {
      if (!button.dataset.word) { button.dataset.word = button.lastChild.textContent; }
      var label = Array.prototype.find.call(button.childNodes, function (each) { return each.nodeType === 3; });
      if (!label) { say(body.dataset.copied); return; }
      var word = label.textContent;
      label.textContent = body.dataset.copied;
      say(body.dataset.copied);
      setTimeout(function () { label.textContent = word; }, 2000);
    }
    function refused() { field.focus(); field.select(); say(body.dataset.notCopied); }
    if (navigator.clipboard) { navigator.clipboard.writeText(field.value).then(copied, refused); } else {
      field.focus(); field.select();
      if (document.execCommand && document.execCommand("copy")) { copied(); } else { refused(); }
    }
  });

  // A form is sent once, however often its button is pressed.
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (form.method !== "post" || event.defaultPrevented) { return; }
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
  });
  window.addEventListener("pageshow", function () {
    document.querySelectorAll("form[data-sent]").forEach(function (each) { delete each.dataset.sent; });
  });

  // A secret does not stay in a page that the browser keeps for Back.
  window.addEventListener("pagehide", function () {
    document.querySelectorAll(".secret textarea, .secret input").forEach(function (each) { each.value = ""; });
  });

  // The summary of what is wrong with a form gets the focus.
  var summary = document.querySelector(".error-summary");
  if (summary) { summary.focus(); }

  // Up and down buttons and other forms that submit as soon as something is chosen.
  document.addEventListener("change", function (event) {
    if (event.target.matches("[data-submit]")) { event.target.form.requestSubmit(); }
  });

  // Live updates: an element with data-live names a stream. Each message is a position; the element then asks, through
  // htmx, for its fragment (hx-trigger="live"). One connection a tab, closed while the tab is hidden.
  var live = document.querySelector("[data-live]"), source = null, polling = null, last = "", waiting = 0, paused = false;
  function show(state) {
    document.querySelectorAll(".live").forEach(function (each) {
      each.classList.toggle("on", state === "on");
      each.classList.toggle("off", state === "off");
    });
    document.querySelectorAll("[data-live-stopped]").forEach(function (each) { each.hidden = state !== "off"; });
  }
  function refresh() {
    if (paused) {
      waiting += 1;
      document.querySelectorAll("[data-live-waiting]").forEach(function (each) { each.textContent = waiting; });
      return;
    }
    document.querySelectorAll("[data-live]").forEach(function (each) { window.htmx.trigger(each, "live"); });
  }
  function open() {
    if (source || document.hidden) { return; }
    var url = live.getAttribute("data-live");
    source = new EventSource(last ? url + (url.indexOf("?") < 0 ? "?" : "&") + "after=" + last : url);
    source.onopen = function () { clearInterval(polling); polling = null; show("on"); };
    source.onmessage = function (event) { last = event.lastEventId || event.data; refresh(); };
    source.onerror = function () {
      show("off");
      if (source && source.readyState === 2) { source = null; setTimeout(open, 5000); }
      if (!polling) { polling = setInterval(function () { if (!document.hidden) { refresh(); } }, 5000); }
    };
  }
  function close() { if (source) { source.close(); source = null; } clearInterval(polling); polling = null; }
  if (live && window.EventSource) {
    open();
    document.addEventListener("visibilitychange", function () {
      if (document.hidden) { close(); } else { open(); refresh(); }
    });
    window.addEventListener("pagehide", close);
    document.addEventListener("click", function (event) {
      var button = event.target.closest && event.target.closest("[data-live-pause]");
      if (!button) { return; }
      paused = !paused;
      button.setAttribute("aria-pressed", String(paused));
      if (!paused) { waiting = 0; refresh(); }
    });
  }
}());
