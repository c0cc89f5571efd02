/// <reference lib="esnext.disposable" preserve="true" />
/**
 * Hutch as a library: open runs, receive and send Karabo bridge trains, lay out detectors. Everything not listed here is
 * internal and may change.
 * @module hutch
 */
export { type BridgeClient, openBridgeClient, type QueuePolicy } from './bridge/bridge-client.ts';
export { type BridgeServer, openBridgeServer } from './bridge/bridge-server.ts';
export { receiveTrains } from './bridge/client.ts';
export type { BridgeTrain, EndpointState } from './bridge/endpoint-receiver.ts';
export type { RecordableMessage, RecordedMessage } from './bridge/recorded-message.ts';
export { createReplay } from './bridge/replay.ts';
export { type ReplayPace, replayMessages, type TimedMessage } from './bridge/replay-recording.ts';
export { serveMessages } from './bridge/server.ts';
export type { SocketTransport } from './bridge/socket.ts';
export { makeBeamlineTrains } from './bridge/synthetic-beamline.ts';
export { makeSyntheticTrains, type SyntheticOptions } from './bridge/synthetic-detector.ts';
export { encodeTrain } from './bridge/train-message.ts';
export type { DType } from './core/dtype.ts';
export { isXfelError, XfelError } from './core/errors.ts';
export { type FrameAxes, type FrameOrder, frameAxesOf, inFileOrder, type ModuleLayout } from './core/frame-order.ts';
export type { NdArray } from './core/ndarray.ts';
export { ndarray } from './core/ndarray.ts';
export type { Train, TrainSource, TrainValue } from './core/train.ts';
export { parseAliases } from './data/alias-table.ts';
export { encodeArrow, toArrowTable } from './data/arrow-table.ts';
export { BUNCH_RATE } from './data/bunch-rate.ts';
export type { BaselineOptions } from './data/components/digitizer/baseline.ts';
export {
  type ClockOptions,
  type DigitizerChannel,
  type EdgeTable,
  findDigitizerChannels,
  openDigitizerChannel,
  type PulseWindowOptions,
} from './data/components/digitizer/channel.ts';
export type { EdgeOptions } from './data/components/digitizer/edges.ts';
export {
  type BunchDestination,
  bunchCharge,
  bunchDestination,
  type LaserSeed,
} from './data/components/pulses/bunch-pattern.ts';
export { openPulsePattern, type PulseChoice, type PulsePattern } from './data/components/pulses/pulse-pattern.ts';
export {
  type LaserAnchor,
  openPumpProbePulses,
  type PumpProbeChoice,
  type PumpProbePattern,
  type PumpProbePulses,
} from './data/components/pulses/pump-probe.ts';
export { openScan, readScan, type Scan, scanOf } from './data/components/scan/scan.ts';
export { findXgms, openXgm, type Xgm } from './data/components/xgm.ts';
export type { DataWarning } from './data/data-warning.ts';
export { type FoundDetector, findDetectors } from './data/detectors/find-detectors.ts';
export type { ModuleArray, ModuleKey } from './data/detectors/module-key.ts';
export type { MultiModule } from './data/detectors/multi-module.ts';
export { type DetectorChoice, openDetector } from './data/detectors/open-detector.ts';
export type { PulseSelection } from './data/detectors/pulse-selection.ts';
export { type StackView, stackData, stackDetectorData, viewDetectorStack } from './data/detectors/stack-train.ts';
export { KeyData } from './data/key-data.ts';
export { type LabelledArray, selectPositions, whereText, whereTrue } from './data/labelled-array.ts';
export { findMissingData } from './data/missing-data.ts';
export type { OpenRunOptions } from './data/open-run.ts';
export type { RaggedArray } from './data/ragged-array.ts';
export { Run } from './data/run.ts';
export { describeModule, describeRun, describeTrain } from './data/run-info.ts';
export { SourceData } from './data/source-data.ts';
export { tableToCsv, tableToParquet } from './data/table-export.ts';
export { byId, byIndex } from './data/train-selection.ts';
export { readSeries, readTable } from './data/train-table.ts';
export { flattenTrain } from './data/trains.ts';
export { AGIPD_1M, AGIPD_500K } from './detector/agipd.ts';
export { assembleModules, dismantleImage, emptyImages, pixelMap } from './detector/assembly.ts';
export { badRegionMask } from './detector/bad-region-mask.ts';
export { compareGeometries } from './detector/compare-geometry.ts';
export type { Detector } from './detector/detector.ts';
export { parseDetector } from './detector/detector-record.ts';
export { DETECTOR_NAMES, detectDetector, detectorByName } from './detector/detector-table.ts';
export { DSSC_1M } from './detector/dssc.ts';
export { EPIX_10K, EPIX_100, epixPairGeometry } from './detector/epix.ts';
export { geometryFromDescription } from './detector/generic-detector.ts';
export {
  dataCoordsToPositions,
  exampleGeometry,
  type Geometry,
  geometryFromQuadPositions,
  pixelPositions,
  quadPositions,
  tileCorners,
} from './detector/geometry.ts';
export { geometryFromCrystfel } from './detector/geometry-crystfel.ts';
export { convertCrystfelLayout, updateCrystfel } from './detector/geometry-crystfel-update.ts';
export { crystfelFromGeometry } from './detector/geometry-crystfel-write.ts';
export {
  experimentFromPoni,
  experimentOfGeometry,
  flatGeometryFromPoni,
  placeInBeam,
  poniFromExperiment,
  poniFromFlatGeometry,
} from './detector/geometry-poni-file.ts';
export { gotthard2 } from './detector/gotthard.ts';
export { combinePatterns, pixelSolidAngle } from './detector/integration/combine.ts';
export { dropDummies, integrateFrame } from './detector/integration/integrate.ts';
export { buildIntegrationTable } from './detector/integration/integration-table.ts';
export { medianFilter, projectPattern, separateBragg, sigmaClip } from './detector/integration/robust.ts';
export { buildSectors, integrateSectors, profileOverAzimuth } from './detector/integration/sectors.ts';
export { TableCache } from './detector/integration/table-cache.ts';
export { interpolateModules, interpolationTable } from './detector/interpolated-assembly.ts';
export { jungfrau } from './detector/jungfrau.ts';
export { LPD_1M, LPD_SOLO, lpdMini } from './detector/lpd.ts';
export { geometryFromModulePositions } from './detector/module-positions.ts';
export { toModuleStack } from './detector/module-stack.ts';
export { coupleMotors, geometryAt, moveBy } from './detector/motors.ts';
export { offsetGeometry, rotateGeometry } from './detector/move-geometry.ts';
export { asicSeams, distortionArray, pixelAreas, pixelCorners, tileEdges } from './detector/pixel-corners.ts';
export { PNCCD, PNCCD_CUTOUT, pnccdGeometry } from './detector/pnccd.ts';
export { CALIBRANTS, calibrantByName, calibrantRings } from './detector/powder/calibrant.ts';
export { birchMurnaghanPressure, volumeRatioAt } from './detector/powder/equation-of-state.ts';
export { phaseAt, phaseFromCell, phaseFromCif, phaseLines } from './detector/powder/phase.ts';
export { jcpdsOfPhase, phaseFromJcpds } from './detector/powder/phase-jcpds.ts';
export { applyMoves, moveParts, partsOf } from './detector/refinement/detector-part.ts';
export { refineExperiment } from './detector/refinement/refine-experiment.ts';
export { refineGeometry } from './detector/refinement/refine-geometry.ts';
export { findRingPoints } from './detector/refinement/ring-points.ts';
export { snapGeometry, symmetricSnap } from './detector/snapped-geometry.ts';
export { splitTiles } from './detector/split-tiles.ts';
export { geometryFromTilePositions, quadPositionsWith, tilePositionsOf } from './detector/tile-positions.ts';
export { parseGeom } from './formats/crystfel/geom.ts';
export {
  editGeomDocument,
  geomDocumentText,
  openGeomDocument,
  removalOf,
} from './formats/crystfel/geom-document.ts';
export { formatPoni, type Poni, parsePoni } from './formats/poni.ts';
export { fromFit2d, toFit2d } from './formats/poni-fit2d.ts';
export {
  listRecordings,
  openRecording,
  type RecordingListing,
} from './platform/node/bridge-recording/open-recording.ts';
export { recordBridge } from './platform/node/bridge-recording/record-bridge.ts';
export type { RecordedEntry, Recording } from './platform/node/bridge-recording/recording.ts';
export type { RecordingInfo } from './platform/node/bridge-recording/recording-info.ts';
export {
  type Recorder,
  type RecordingProgress,
  startRecording,
} from './platform/node/bridge-recording/start-recording.ts';
export { timedMessages } from './platform/node/bridge-recording/timed-messages.ts';
export { keepAvailable, keepOnDisk } from './platform/node/file-locality.ts';
export { glanceHtml } from './platform/node/glance-file.ts';
export { loadGeometry } from './platform/node/load-geometry.ts';
export { openIntegrator } from './platform/node/open-integrator.ts';
export { openRun, readAliases } from './platform/node/open-run.ts';
export { saveGeometry } from './platform/node/save-geometry.ts';
export {
  copyStructure,
  writeFrames,
  writeOverview,
  writeRun,
  writeVirtual,
  writeVirtualCxi,
} from './platform/node/write-data.ts';
export { openZeromqTransport } from './platform/node/zeromq/zeromq-transport.ts';
export { zmtpTransport } from './platform/node/zmtp/zmtp-transport.ts';
