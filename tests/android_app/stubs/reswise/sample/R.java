package reswise.sample;

/** STUB of what Android's build makes of the sample's res folder. */
final class R {
    /** STUB. */
    static final class string {
        static final int camera = 1;
        static final int gallery = 2;
        static final int bench = 3;
        static final int stop = 4;
    }
}
