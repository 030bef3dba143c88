// The cookie form: sends the key as JSON and says what came of it.

const form = document.getElementById('cookie-form');
const field = document.getElementById('cookie-value');
const result = document.getElementById('cookie-result');
form.addEventListener('submit', async event => {
  event.preventDefault();
  try {
    const response = await fetch('set-auth-cookie', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ cookie_value: field.value }),
    });
    const answer = await response.json();
    field.value = '';
    result.textContent = response.ok
      ? `${answer.message} (${answer.cookie_name})`
      : `This cannot be a key: HTTP ${response.status}`;
  } catch {
    result.textContent = 'The service cannot be reached.';
  }
});
