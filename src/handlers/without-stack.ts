/** For a failure that happened elsewhere: its stack would show nothing but Bellwether's own code, in every log line. */
export function withoutStack<E extends Error>(error: E): E {
  error.stack = `${error.name}: ${error.message}`;
  return error;
}
