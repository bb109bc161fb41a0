package com.google.ai.edge.litert;

/** STUB for compiling alone. */
public enum Accelerator {
    NONE,
    CPU,
    GPU,
    NPU
}
