/** The kernel's clock at the start of a simulated system; its times are counted from here. */
export const bootMs = 1000;
