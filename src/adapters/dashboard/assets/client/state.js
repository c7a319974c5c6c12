// What a client tells about its connection, for people to see.
export function why(code, text, closeCode = null) {
    return { code, closeCode, text };
}
