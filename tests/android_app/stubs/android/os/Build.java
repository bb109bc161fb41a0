package android.os;

/** STUB for compiling alone. */
public class Build {
    public static final String MANUFACTURER = "stub";
    public static final String MODEL = "stub";

    /** STUB. */
    public static class VERSION {
        public static final String RELEASE = "stub";
        public static final int SDK_INT = 26;
    }
}
