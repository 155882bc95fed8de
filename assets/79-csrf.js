// The token that every request which changes something carries; dashboard/server/csrf.py gives and checks it.
window.nuwaCsrf = function () {
  const name = document.querySelector('meta[name="nuwa-csrf"]').content;
  const cookie = document.cookie.split("; ").find((one) => one.startsWith(`${name}=`));
  return cookie ? { "X-CSRFToken": cookie.slice(name.length + 1) } : {};
};
